import { rmSync } from 'node:fs';
import { CONCURRENCY } from '../../lambdas/tokens/sweep/sweep.ts';
import type { Benchmark, Report } from '../benchmark.ts';
import { bundlesFolder, nativeClient } from '../functions/bundles.ts';
import { markdownTable } from '../report/markdown.ts';
import { median } from '../report/statistics.ts';
import { curve } from './plot.ts';
import { runSweep, type Sweep, UNBOUNDED, type Variant, variantBundle } from './run.ts';
import { WRITES_A_SECOND } from './secrets-manager.ts';

/** How long a sweep takes new connections. */
const SECONDS = 5;
const QUICK_SECONDS = 3;

/** Up to here the quota is not reached, so the pace holds no write back: one run stands for both. */
const BELOW_THE_QUOTA = [1, 4, 8];
const STEPS = [...new Set([...BELOW_THE_QUOTA, 12, CONCURRENCY, 25, 50, UNBOUNDED])].toSorted(
  (a, b) => a - b,
);

const DEPLOYED: Variant = { concurrency: CONCURRENCY, paced: true };
/** The rows of the table, which are run three times: one run is noisy. */
const COMPARED: [string, Variant][] = [
  [`**as deployed** (${CONCURRENCY} at a time, paced)`, DEPLOYED],
  ['one after the other', { concurrency: 1, paced: false }],
  ['8 at a time', { concurrency: 8, paced: false }],
  ['25 at a time', { concurrency: 25, paced: false }],
  ['unbounded `Promise.all`', { concurrency: UNBOUNDED, paced: false }],
];
const RUNS = 3;
/** V8 compiles the code of a rotation for hundreds of them: what it costs then is another number. */
const LONG_WARM_UP = { connections: 1000, seconds: 16 };

export default {
  name: 'sweep',
  async run(say, quick): Promise<Report> {
    const folder = bundlesFolder();
    const compared = COMPARED.map(([, variant]) => variant);
    const once = STEPS.flatMap((concurrency) =>
      [true, false].map((paced): Variant => ({ concurrency, paced })),
    ).filter(
      (variant) =>
        !(variant.paced && BELOW_THE_QUOTA.includes(variant.concurrency)) &&
        !compared.some((other) => isSame(variant, other)),
    );
    const runs = [...once, ...Array.from({ length: quick ? 1 : RUNS }, () => compared).flat()];
    const sweeps: Sweep[] = [];
    let compiled: Sweep;
    try {
      const options = { nativeClient: await nativeClient(folder), seconds: quick ? QUICK_SECONDS : SECONDS };
      for (const [index, variant] of runs.entries()) {
        const sweep = await runSweep(variant, {
          ...options,
          folder: await variantBundle(variant, folder),
        });
        sweeps.push(sweep);
        say(`${index + 1} of ${runs.length + 1}, ${label(variant)}: ${summary(sweep)}`);
      }
      compiled = await runSweep(DEPLOYED, {
        ...options,
        folder: await variantBundle(DEPLOYED, folder),
        ...(!quick && { warmUp: LONG_WARM_UP }),
      });
      say(`${runs.length + 1} of ${runs.length + 1}, ${label(DEPLOYED)}, compiled: ${summary(compiled)}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
    return report(sweeps, compiled);
  },
} satisfies Benchmark;

const isSame = (one: Variant, other: Variant) =>
  one.concurrency === other.concurrency && one.paced === other.paced;

const label = ({ concurrency, paced }: Variant) =>
  `${concurrency === UNBOUNDED ? 'all at once' : `${concurrency} at a time`}${paced ? ', paced' : ''}`;

const summary = ({ rotations, p99, cpu }: Sweep) =>
  `${rotations.toFixed(1)} a second, p99 ${p99.toFixed(0)} ms, ${cpu.toFixed(1)} ms of CPU each`;

/** Of each number its median over the runs of one variant; of what was lost, the most. */
function medians(sweeps: Sweep[], variant: Variant): Sweep {
  const runs = sweeps.filter((sweep) => isSame(sweep, variant));
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
  };
}

function report(sweeps: Sweep[], compiled: Sweep): Report {
  const of = (variant: Variant) => medians(sweeps, variant);
  const rows = COMPARED.map(([name, variant]): [string, Sweep] => [name, of(variant)]);
  rows.splice(1, 0, ['the same, once compiled', compiled]);
  const ours = of(DEPLOYED);
  const alone = of({ concurrency: 1, paced: false });
  const eight = of({ concurrency: 8, paced: false });
  const points = STEPS.flatMap((concurrency) =>
    [true, false].map((paced) => ({
      ...of({ concurrency, paced: paced && !BELOW_THE_QUOTA.includes(concurrency) }),
      paced,
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
          'refused',
          'put off, %',
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
    },
    ratios: {
      'the quota beside the rotations': WRITES_A_SECOND / ours.rotations,
      'p99 beside one after the other': ours.p99 / alone.p99,
      'CPU of a rotation beside 8 at a time': ours.cpu / eight.cpu,
    },
    data: { sweeps, compiled },
    plots: { 'sweep.svg': curve(points, WRITES_A_SECOND) },
  };
}
