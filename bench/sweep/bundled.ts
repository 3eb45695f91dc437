import { ALL_CONCURRENCY, CONCURRENCY } from '../../lambdas/tokens/sweep/sweep.ts';
import { cpuShareOf } from '../functions/cpu-share.ts';
import { markdownTable } from '../report/markdown.ts';
import { type RunOptions, runSweep, type Sweep, type Variant, variantBundle } from './run.ts';

/** Memory of the function, MB: what is deployed, and what has a whole core. */
const MEMORIES = [512, 1024, 1769];
/** Concurrent steps. With Zoom's 150 ms a step takes 210 ms, so that sixteen do at most 76 a second. */
const STEPS = [CONCURRENCY, ALL_CONCURRENCY];
/** V8 takes two thousand rotations until the rate is steady. */
const WARM_UP = { connections: 2000, seconds: 50 };
/** A bundle's members are published together, so that a longer time is needed for a rate. */
const SECONDS = 15;
const QUICK_SECONDS = 8;
const QUICK_WARM_UP = { connections: 60, seconds: 2 };

type Options = Pick<RunOptions, 'nativeClient'> & { folder: string; quick: boolean };

interface Row {
  label: string;
  variant: Variant;
}

const ROWS: readonly Row[] = MEMORIES.flatMap((megabytes) =>
  STEPS.map((concurrency) => ({
    label: `${megabytes} MB, ${concurrency} at a time`,
    variant: { concurrency, limited: true, bundled: true, megabytes },
  })),
);
const QUICK_ROWS = ROWS.slice(-1);

/**
 * Measures a backlog of bundles, with the share of a core that Lambda gives for each memory: cold, then in steady state.
 * @param only text in the labels of the rows to measure; all by default
 * @throws {Error} with the labels, if none has the text
 */
export async function bundledSweeps(
  { folder, quick, only = '', ...options }: Options & { only?: string },
  progress: (done: string) => void,
): Promise<BundledSweep[]> {
  const seconds = quick ? QUICK_SECONDS : SECONDS;
  const rows = (quick ? QUICK_ROWS : ROWS).filter(({ label }) => label.includes(only));
  if (rows.length === 0)
    throw new Error(`No row has "${only}" in its label: ${ROWS.map(({ label }) => label).join('; ')}.`);
  const sweeps: BundledSweep[] = [];
  for (const { label, variant } of rows) {
    const bundle = await variantBundle(variant, folder);
    const run = (warmUp: NonNullable<RunOptions['warmUp']>) =>
      runSweep(variant, { ...options, seconds, folder: bundle, warmUp });
    const sweep = { cold: await run(QUICK_WARM_UP), steady: await run(quick ? QUICK_WARM_UP : WARM_UP) };
    sweeps.push(sweep);
    const { rotations, cpu } = sweep.steady;
    progress(
      `bundles, ${label}: ${rateOf(sweep.steady).toFixed(0)} a second (${rotations.toFixed(0)} measured, ${cpu.toFixed(2)} ms of CPU each)`,
    );
  }
  return sweeps;
}

/** One memory and concurrency, with a function that is nearly new, and with one that V8 has compiled. */
export interface BundledSweep {
  cold: Sweep;
  steady: Sweep;
}

/**
 * Returns the rotations a second. Without a cgroup the function had a whole core, and the rate is what its CPU allows in its
 * share.
 */
function rateOf({ rotations, cpu, megabytes = 0, isCpuLimited }: Sweep): number {
  return isCpuLimited ? rotations : Math.min(rotations, (1000 * cpuShareOf(megabytes)) / cpu);
}

export const bundledTable = (sweeps: readonly BundledSweep[]): string =>
  markdownTable(
    [
      ...[
        'memory MB',
        'share of a core',
        'steps at a time',
        'rotations/s, nearly cold',
        'rotations/s, steady',
      ],
      ...['p99 ms', 'exposed p99 ms', 'CPU ms', 'left to a later sweep, %', 'lost', 'share enforced'],
    ],
    sweeps.map(({ cold, steady }) => [
      (steady.megabytes ?? 0).toLocaleString('en-US'),
      cpuShareOf(steady.megabytes ?? 0),
      steady.concurrency,
      rateOf(cold),
      rateOf(steady),
      ...[steady.p99, steady.exposure, steady.cpu, steady.postponed * 100, steady.lost],
      steady.isCpuLimited ? 'yes' : 'no: corrected',
    ]),
  );
