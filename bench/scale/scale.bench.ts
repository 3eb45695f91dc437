import type { Benchmark, Report } from '../benchmark.ts';
import { markdownTable } from '../report/markdown.ts';
import { type Drained, drainBacklog } from './backlog.ts';
import { type Idle, idleSweep } from './idle.ts';
import { spread } from './jitter.ts';

const FLEETS = [1, 1000, 10_000, 100_000];
const QUICK_FLEETS = [1, 1000];
/** Which of a connection's rotations the jitter is shown at. */
const ROTATIONS = [1, 2, 6, 24];
const SPREAD_FLEET = 10_000;

export default {
  name: 'scale',
  async run(say, quick): Promise<Report> {
    const fleets = quick ? QUICK_FLEETS : FLEETS;
    // What is compiled and remembered once is no part of a backlog's heap.
    await drainBacklog(100);
    const idles: Idle[] = [];
    const backlogs: Drained[] = [];
    for (const size of fleets) {
      say(`${size} connections: nothing due`);
      idles.push(await idleSweep(size));
      say(`${size} connections: all due`);
      backlogs.push(await drainBacklog(size));
    }
    say('jitter');
    return report(idles, backlogs, spread(SPREAD_FLEET, ROTATIONS));
  },
} satisfies Benchmark;

function report(idles: Idle[], backlogs: Drained[], spreads: ReturnType<typeof spread>): Report {
  const [smallest, largest] = [idles.at(0), idles.at(-1)];
  const idleTable = markdownTable(
    [
      'connections',
      ...['requests', 'read units', 'write units'],
      ...['with a look', 'read units', 'write units'],
      ...['a list: requests', 'read units', 'heap MB'],
    ],
    idles.map(({ connections, sweep, look, scan, listHeap }) => [
      connections.toLocaleString('en-US'),
      ...[sweep, look].flatMap(({ requests, reads, writes }) => [requests, reads, writes]),
      scan.requests,
      scan.reads,
      listHeap / 1e6,
    ]),
  );
  const backlogTable = markdownTable(
    ['connections due', 'sweeps', 'most in one', 'out of order', 'never reached', 'heap MB'],
    backlogs.map(({ connections, sweeps, mostInASweep, outOfOrder, starved, heapGrowth }) => [
      connections.toLocaleString('en-US'),
      sweeps,
      mostInASweep,
      outOfOrder,
      starved,
      heapGrowth / 1e6,
    ]),
  );
  return {
    sections: {
      'scale-idle': idleTable,
      'scale-backlog': backlogTable,
      'scale-jitter': jitterTable(spreads),
    },
    ratios: {
      'read units of an idle sweep, the largest fleet beside one connection':
        (largest?.sweep.reads ?? Number.NaN) / (smallest?.sweep.reads ?? Number.NaN),
      'read units of an idle sweep with a look, the largest fleet beside one connection':
        (largest?.look.reads ?? Number.NaN) / (smallest?.look.reads ?? Number.NaN),
      'requests of an idle sweep, the largest fleet beside one connection':
        (largest?.sweep.requests ?? Number.NaN) / (smallest?.sweep.requests ?? Number.NaN),
      'most rotations in one minute, share of the fleet': most(spreads[0]?.minutes ?? []),
    },
    data: { idles, backlogs, spreads },
  };
}

const most = (minutes: [number, number][]) => Math.max(...minutes.map(([, share]) => share));

function jitterTable(spreads: ReturnType<typeof spread>): string {
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

/** A bar for each value, the highest of them full. */
function histogram(values: number[]): string {
  const highest = Math.max(...values);
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.round((7 * value) / highest)]).join('');
}
