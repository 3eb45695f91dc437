import { rmSync } from 'node:fs';
import { CONCURRENCY } from '../../lambdas/tokens/sweep/sweep.ts';
import type { Benchmark, Report } from '../benchmark.ts';
import { bundlesFolder, nativeClient } from '../functions/bundles.ts';
import { markdownTable } from '../report/markdown.ts';
import { median } from '../report/statistics.ts';
import { type BundledSweep, bundledSweeps, bundledTable } from './bundled.ts';
import { curve } from './plot.ts';
import { runSweep, type Sweep, UNBOUNDED, type Variant, variantBundle } from './run.ts';
import { WRITES_A_SECOND } from './secrets-manager.ts';

/** Seconds for which a sweep starts steps. */
const SECONDS = 5;
const QUICK_SECONDS = 3;

/** Below the quota the write rate limit delays no write, so that one run stands for both variants. */
const BELOW_THE_QUOTA = [1, 4, 8];
const STEPS = [...new Set([...BELOW_THE_QUOTA, 12, CONCURRENCY, 25, 50, UNBOUNDED])].toSorted(
  (a, b) => a - b,
);

const DEPLOYED: Variant = { concurrency: CONCURRENCY, limited: true };
/** The rows of the table. Each is the median of three runs, because a single run is noisy. */
const COMPARED: [string, Variant][] = [
  [`**as deployed** (${CONCURRENCY} at a time, write rate limit)`, DEPLOYED],
  ['one after the other', { concurrency: 1, limited: false }],
  ['8 at a time', { concurrency: 8, limited: false }],
  ['25 at a time', { concurrency: 25, limited: false }],
  ['unbounded `Promise.all`', { concurrency: UNBOUNDED, limited: false }],
];
const RUNS = 3;
/** V8 takes hundreds of rotations to compile their code. After that, the CPU of a rotation is lower. */
const LONG_WARM_UP = { connections: 1000, seconds: 16 };

export default {
  name: 'sweep',
  async run(progress, quick): Promise<Report> {
    const folder = bundlesFolder();
    const compared = COMPARED.map(([, variant]) => variant);
    const once = STEPS.flatMap((concurrency) =>
      [true, false].map((limited): Variant => ({ concurrency, limited })),
    ).filter(
      (variant) =>
        !(variant.limited && BELOW_THE_QUOTA.includes(variant.concurrency)) &&
        !compared.some((other) => isSameVariant(variant, other)),
    );
    const runs = [...once, ...Array.from({ length: quick ? 1 : RUNS }, () => compared).flat()];
    const sweeps: Sweep[] = [];
    let compiled: Sweep;
    let bundled: BundledSweep[];
    try {
      const options = { nativeClient: await nativeClient(folder), seconds: quick ? QUICK_SECONDS : SECONDS };
      for (const [index, variant] of runs.entries()) {
        const sweep = await runSweep(variant, {
          ...options,
          folder: await variantBundle(variant, folder),
        });
        sweeps.push(sweep);
        progress(`${index + 1} of ${runs.length + 1}, ${label(variant)}: ${summary(sweep)}`);
      }
      compiled = await runSweep(DEPLOYED, {
        ...options,
        folder: await variantBundle(DEPLOYED, folder),
        ...(!quick && { warmUp: LONG_WARM_UP }),
      });
      progress(
        `${runs.length + 1} of ${runs.length + 1}, ${label(DEPLOYED)}, compiled: ${summary(compiled)}`,
      );
      bundled = await bundledSweeps({ nativeClient: options.nativeClient, folder, quick }, progress);
    } finally {
      rmSync(folder, { recursive: true });
    }
    return report(sweeps, compiled, bundled);
  },
  async runOnly(only, progress) {
    const folder = bundlesFolder();
    try {
      const options = { nativeClient: await nativeClient(folder), folder, quick: false, only };
      return bundledTable(await bundledSweeps(options, progress));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
} satisfies Benchmark;

const isSameVariant = (one: Variant, other: Variant) =>
  one.concurrency === other.concurrency && one.limited === other.limited;

const label = ({ concurrency, limited }: Variant) =>
  `${concurrency === UNBOUNDED ? 'all at once' : `${concurrency} at a time`}${limited ? ', write rate limit' : ''}`;

const summary = ({ rotations, p99, cpu }: Sweep) =>
  `${rotations.toFixed(1)} a second, p99 ${p99.toFixed(0)} ms, ${cpu.toFixed(1)} ms of CPU each`;

/** Returns the medians over the runs of one variant, and the maximum of `lost`. */
function medians(sweeps: Sweep[], variant: Variant): Sweep {
  const runs = sweeps.filter((sweep) => isSameVariant(sweep, variant));
  const of = (read: (sweep: Sweep) => number) => median(runs.map(read));
  return {
    ...variant,
    rotations: of(({ rotations }) => rotations),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    exposure: of(({ exposure }) => exposure),
    cpu: of(({ cpu }) => cpu),
    throttled: of(({ throttled }) => throttled),
    postponed: of(({ postponed }) => postponed),
    lost: Math.max(...runs.map(({ lost }) => lost)),
    memory: of(({ memory }) => memory),
    isCpuLimited: false,
  };
}

function report(sweeps: Sweep[], compiled: Sweep, bundled: BundledSweep[]): Report {
  const of = (variant: Variant) => medians(sweeps, variant);
  const rows = COMPARED.map(([name, variant]): [string, Sweep] => [name, of(variant)]);
  rows.splice(1, 0, ['the same, after V8 has compiled it', compiled]);
  const ours = of(DEPLOYED);
  const alone = of({ concurrency: 1, limited: false });
  const eight = of({ concurrency: 8, limited: false });
  const points = STEPS.flatMap((concurrency) =>
    [true, false].map((limited) => ({
      ...of({ concurrency, limited: limited && !BELOW_THE_QUOTA.includes(concurrency) }),
      limited,
    })),
  );
  return {
    sections: {
      sweep: markdownTable(
        [
          '',
          'rotations/s',
          'p50 ms',
          'p99 ms',
          'exposed p99 ms',
          'CPU ms',
          'throttled',
          'left to a later sweep, %',
          'lost',
          'memory MB',
        ],
        rows.map(([name, { rotations, p50, p99, exposure, cpu, throttled, postponed, lost, memory }]) => [
          name,
          rotations,
          p50,
          p99,
          exposure,
          cpu,
          throttled,
          postponed * 100,
          lost,
          memory,
        ]),
      ),
      'sweep-bundles': bundledTable(bundled),
    },
    ratios: {
      'the quota relative to the rotations': WRITES_A_SECOND / ours.rotations,
      'p99 relative to one after the other': ours.p99 / alone.p99,
      'CPU of a rotation relative to 8 at a time': ours.cpu / eight.cpu,
    },
    data: { sweeps, compiled, bundled },
    plots: { 'sweep.svg': curve(points, WRITES_A_SECOND) },
  };
}
