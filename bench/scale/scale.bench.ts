import type { Benchmark, Report } from '../benchmark.ts';
import { markdownTable } from '../report/markdown.ts';
import { type BacklogReport, drainBacklog } from './backlog.ts';
import { type IdleReport, idleSweep } from './idle.ts';
import { rotationMinutes } from './jitter.ts';

const FLEETS = [1, 1000, 10_000, 100_000];
const QUICK_FLEETS = [1, 1000];
/** The rotations since the consent that the table of the jitter shows. */
const ROTATIONS = [1, 2, 6, 24];
const JITTER_FLEET = 10_000;

export default {
  name: 'scale',
  async run(progress, quick): Promise<Report> {
    const fleets = quick ? QUICK_FLEETS : FLEETS;
    // A first run, so that compiled code and caches do not count as heap of a backlog.
    await drainBacklog(100);
    const idles: IdleReport[] = [];
    const backlogs: BacklogReport[] = [];
    for (const size of fleets) {
      progress(`${size} connections: nothing due`);
      idles.push(await idleSweep(size));
      progress(`${size} connections: all due`);
      backlogs.push(await drainBacklog(size));
    }
    progress('jitter');
    return report(idles, backlogs, rotationMinutes(JITTER_FLEET, ROTATIONS));
  },
} satisfies Benchmark;

function report(
  idles: IdleReport[],
  backlogs: BacklogReport[],
  spreads: ReturnType<typeof rotationMinutes>,
): Report {
  const [smallest, largest] = [idles.at(0), idles.at(-1)];
  const idleTable = markdownTable(
    [
      'connections',
      ...['requests', 'read units', 'write units'],
      ...['with a health check', 'read units', 'write units'],
      ...['a list: requests', 'read units', 'heap MB'],
    ],
    idles.map(({ connections, sweep, healthCheck, scan, listHeap }) => [
      connections.toLocaleString('en-US'),
      ...[sweep, healthCheck].flatMap(({ requests, reads, writes }) => [requests, reads, writes]),
      scan.requests,
      scan.reads,
      listHeap / 1e6,
    ]),
  );
  const backlogTable = markdownTable(
    ['connections due', 'sweeps', 'most in one', 'out of order', 'by at most, s', 'never reached', 'heap MB'],
    backlogs.map(
      ({ connections, sweeps, mostInASweep, outOfOrder, mostOutOfOrder, unreached, heapGrowth }) => [
        connections.toLocaleString('en-US'),
        sweeps,
        mostInASweep,
        outOfOrder,
        mostOutOfOrder,
        unreached,
        heapGrowth / 1e6,
      ],
    ),
  );
  return {
    sections: {
      'scale-idle': idleTable,
      'scale-backlog': backlogTable,
      'scale-jitter': jitterTable(spreads),
    },
    ratios: {
      'read units of an idle sweep, the largest fleet relative to one connection':
        (largest?.sweep.reads ?? Number.NaN) / (smallest?.sweep.reads ?? Number.NaN),
      'read units of an idle sweep with a health check, the largest fleet relative to one connection':
        (largest?.healthCheck.reads ?? Number.NaN) / (smallest?.healthCheck.reads ?? Number.NaN),
      'requests of an idle sweep, the largest fleet relative to one connection':
        (largest?.sweep.requests ?? Number.NaN) / (smallest?.sweep.requests ?? Number.NaN),
      'most rotations in one minute, share of the fleet': most(spreads[0]?.minutes ?? []),
    },
    data: { idles, backlogs, spreads },
  };
}

const most = (minutes: [number, number][]) => Math.max(...minutes.map(([, share]) => share));

function jitterTable(spreads: ReturnType<typeof rotationMinutes>): string {
  return markdownTable(
    ['rotation', 'minutes', 'most in one, % of the fleet', 'minute by minute'],
    spreads.map(({ rotation, minutes }) => [
      String(rotation),
      minutes.length,
      100 * most(minutes),
      histogram(minutes.map(([, share]) => share)),
    ]),
  );
}

/** Returns one bar for each value; the highest value has a full bar. */
function histogram(values: number[]): string {
  const highest = Math.max(...values);
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.round((7 * value) / highest)]).join('');
}
