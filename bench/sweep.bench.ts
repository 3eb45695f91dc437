import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONCURRENCY } from '../lambdas/tokens/sweep.ts';
import type { Benchmark, Report } from './benchmark.ts';
import { bundlesFolder, nativeClient, replacing, variedBundle } from './lambda/bundles.ts';
import { startFunction } from './lambda/function-process.ts';
import { markdownTable } from './markdown.ts';
import { percentile } from './statistics.ts';
import { openBacklog } from './sweep/backlog.ts';
import { curve } from './sweep/plot.ts';
import { WRITES_A_SECOND } from './sweep/servers.ts';

/** Seconds that a sweep takes new connections, and more of them than it can rotate meanwhile. */
const SECONDS = 12;
const QUICK_SECONDS = 3;
/** What a sweep leaves unused of its function's time; see lambdas/tokens/sweep.ts. */
const STEP_SECONDS = 20;

/** How many connections at a time, and whether the writes keep a pace. */
interface Variant {
  concurrency: number;
  paced: boolean;
}

/** How a sweep of the variant went: milliseconds unless named otherwise. */
export interface Sweep extends Variant {
  /** A second, once it runs. */
  rotations: number;
  p50: number;
  p99: number;
  /** 99 of 100 answers of Zoom were stored within this time. */
  exposure: number;
  /** Of the function's process, each rotation. */
  cpu: number;
  /** Writes that were refused, each rotation. */
  throttled: number;
  /** Tokens that only Zoom knows in the end. */
  lost: number;
  /** Megabytes. */
  memory: number;
}

const UNBOUNDED = 1000;
const STEPS = [1, 2, 4, 8, 12, 16, 25, 50, UNBOUNDED];

export default {
  name: 'sweep',
  async run(say, quick): Promise<Report> {
    const seconds = quick ? QUICK_SECONDS : SECONDS;
    const folder = bundlesFolder();
    const variants: Variant[] = [true, false].flatMap((paced) =>
      [...new Set([...STEPS, CONCURRENCY])]
        .toSorted((a, b) => a - b)
        .map((concurrency) => ({ concurrency, paced })),
    );
    try {
      const client = await nativeClient(folder);
      const sweeps: Sweep[] = [];
      for (const variant of variants) {
        const sweep = await measure(variant, join(folder, label(variant)), client, seconds);
        sweeps.push(sweep);
        say(`${label(variant)}: ${sweep.rotations.toFixed(1)} a second`);
      }
      return report(sweeps);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
} satisfies Benchmark;

async function measure(variant: Variant, folder: string, client: string, seconds: number): Promise<Sweep> {
  const plugins = [
    replacing(
      /tokens\/sweep\.ts$/,
      /(CONCURRENCY|PAGE) = \d+/g,
      (_, name) => `${name} = ${name === 'PAGE' ? Math.max(100, variant.concurrency) : variant.concurrency}`,
    ),
  ];
  if (!variant.paced) {
    plugins.push(
      replacing(/aws\/secrets-vault\.ts$/, /WRITES_A_SECOND = \d+/, () => 'WRITES_A_SECOND = Infinity'),
    );
  }
  await variedBundle('rotate', folder, plugins);
  const backlog = await openBacklog((seconds + 5) * WRITES_A_SECOND);
  const process = await startFunction(
    { folder, environment: backlog.environment, timeoutSeconds: seconds + STEP_SECONDS },
    client,
  );
  try {
    const before = await process.loaded;
    const after = await process.invoke({});
    const { rotations, throttled, lost, spentTwice } = await backlog.happened();
    const settled = Object.values(rotations).filter(isSettled);
    const begin = Math.min(...settled.map(({ leased }) => leased)) + 1000;
    const end = begin - 1000 + seconds * 1000;
    const took = settled.map(({ leased, settled: at }) => at - leased);
    return {
      ...variant,
      // Without the first second, in which the function warms up, and without the last ones running out.
      rotations: settled.filter(({ settled: at }) => at >= begin && at < end).length / ((end - begin) / 1000),
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
      exposure: percentile(
        settled.map(({ answered, stored }) => stored - answered),
        0.99,
      ),
      cpu: (after.cpu - before.cpu) / settled.length,
      throttled: throttled / settled.length,
      lost: lost + spentTwice,
      memory: after.memory / 1e6,
    };
  } finally {
    await process.stop();
    await backlog.close();
  }
}

type Settled = Record<'leased' | 'answered' | 'stored' | 'settled', number>;

function isSettled(rotation: Partial<Settled>): rotation is Settled {
  return rotation.settled !== undefined && rotation.answered !== undefined;
}

const label = ({ concurrency, paced }: Variant) =>
  `${concurrency === UNBOUNDED ? 'unbounded' : `${concurrency} at a time`}${paced ? ', paced' : ''}`;

function report(sweeps: Sweep[]): Report {
  const find = (concurrency: number, paced: boolean) =>
    sweeps.find((sweep) => sweep.concurrency === concurrency && sweep.paced === paced) as Sweep;
  const ours = find(CONCURRENCY, true);
  const shown: [string, Sweep][] = [
    [`**as deployed** (${label(ours)})`, ours],
    ['one after the other', find(1, false)],
    ['8 at a time', find(8, false)],
    ['25 at a time', find(25, false)],
    ['unbounded `Promise.all`', find(UNBOUNDED, false)],
  ];
  const columns = [
    'rotations/s',
    'p50 ms',
    'p99 ms',
    'exposed p99 ms',
    'CPU ms',
    'refused',
    'lost',
    'memory MB',
  ];
  return {
    sections: {
      sweep: markdownTable(
        ['', ...columns],
        shown.map(([name, { rotations, p50, p99, exposure, cpu, throttled, lost, memory }]) => [
          name,
          rotations,
          p50,
          p99,
          exposure,
          cpu,
          throttled,
          lost,
          memory,
        ]),
      ),
    },
    ratios: {
      'share of the quota left unused, plus 1': 2 - ours.rotations / WRITES_A_SECOND,
      'p99 beside 25 at a time': ours.p99 / find(25, false).p99,
      'CPU a rotation beside one after the other': ours.cpu / find(1, false).cpu,
    },
    data: sweeps,
    plots: { 'sweep.svg': curve(sweeps, WRITES_A_SECOND) },
  };
}
