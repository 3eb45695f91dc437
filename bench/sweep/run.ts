import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { STEP_SECONDS } from '../../lambdas/tokens/time-budget.ts';
import { replacing, variedBundle } from '../functions/bundles.ts';
import { startFunction } from '../functions/function-process.ts';
import { percentile } from '../report/statistics.ts';
import { openBacklog, type Step } from './backlog.ts';
import { WRITES_A_SECOND } from './secrets-manager.ts';

/** Shortest possible step, from its lease to its last write. */
const STEP_MILLISECONDS = 210;
/** Rotations a second that no function reaches. */
const MOST_ROTATIONS = 400;
/** Concurrency at which all due connections fit one page and none waits. */
export const UNBOUNDED = 1000;

/** A variant of the rotate function. */
export interface Variant {
  /** Concurrent steps. */
  concurrency: number;
  /** Whether the write rate limit holds. */
  limited: boolean;
  /** Whether the connections are members of bundles. */
  bundled?: boolean;
  /** Memory of the function, MB, which decides its share of a core; a whole machine if left out. */
  megabytes?: number;
}

/** Measurements of a sweep; milliseconds unless named otherwise. */
export interface Sweep extends Variant {
  /** Rotations a second, without the first second. */
  rotations: number;
  p50: number;
  p99: number;
  /** 99th percentile of the time from Zoom's response until its tokens are stored. */
  exposure: number;
  /** CPU of the function's process for each token that Zoom issued. */
  cpu: number;
  /** Throttled writes for each token that Zoom issued. */
  throttled: number;
  /** Share of the issued tokens whose publication is left to a later sweep. */
  postponed: number;
  /** Connections whose valid refresh token only Zoom has at the end. */
  lost: number;
  /** Megabytes. */
  memory: number;
  /** Whether the share of a core was enforced. */
  isCpuLimited: boolean;
}

/** Bundles a variant of the rotate function. Returns its folder. */
export function variantBundle({ concurrency, limited }: Variant, folder: string): Promise<string> {
  const plugins = [
    replacing(
      /tokens\/sweep\/sweep\.ts$/,
      /(CONCURRENCY|PAGE) = \d+/g,
      (_, name) => `${name} = ${name === 'PAGE' ? Math.max(100, concurrency) : concurrency}`,
    ),
  ];
  if (!limited) {
    plugins.push(
      replacing(
        /aws\/published-secrets\.ts$/,
        /WRITES_PER_SECOND = \d+/,
        () => 'WRITES_PER_SECOND = Infinity',
      ),
    );
  }
  return variedBundle('rotate', join(folder, `${concurrency}${limited ? '-limited' : ''}`), plugins);
}

export interface RunOptions {
  /** Folder of the bundle. */
  folder: string;
  nativeClient: string;
  /** Seconds for which the sweep starts steps. */
  seconds: number;
  /** A sweep before the measured one, because every function but a new one is warm. */
  warmUp?: { connections: number; seconds: number };
}

/** Measures a warm function with a backlog. */
export async function runSweep(
  variant: Variant,
  { folder, nativeClient, seconds, warmUp = { connections: 60, seconds: 2 } }: RunOptions,
): Promise<Sweep> {
  const backlog = await openBacklog();
  const { concurrency, bundled = false, megabytes } = variant;
  const code = { folder, environment: backlog.environment, megabytes };
  const process = await startFunction(code, nativeClient);
  try {
    await backlog.add(warmUp.connections, bundled);
    const before = await process.invoke({}, warmUp.seconds + STEP_SECONDS);
    const warmedUp = await backlog.happened();
    // More connections than it can rotate in the time.
    const mostPublished = bundled ? MOST_ROTATIONS : WRITES_A_SECOND;
    const mostRotations = Math.min((concurrency * 1000) / STEP_MILLISECONDS, mostPublished);
    await backlog.add(Math.ceil(mostRotations * (seconds + 1)), bundled);
    // The function's clock has whole seconds, so a sweep that starts at the beginning of one has its full time.
    await setTimeout(1000 - (Date.now() % 1000));
    const after = await process.invoke({}, seconds + STEP_SECONDS + 0.9);
    const { steps, throttled, lost } = await backlog.happened();
    const done = steps.filter((_, index) => warmedUp.steps[index]?.leased === undefined);
    const settled = done.filter(isSettled);
    const issued = done.filter(({ responded }) => responded !== undefined).length;
    const counted = withoutStart(settled);
    const took = counted.map(({ leased, settled: at }) => at - leased);
    return {
      ...variant,
      rotations: rateOf(settled, seconds),
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
      exposure: percentile(
        counted.map(({ responded, stored }) => stored - responded),
        0.99,
      ),
      cpu: (after.cpu - before.cpu) / issued,
      throttled: (throttled - warmedUp.throttled) / issued,
      postponed: 1 - settled.length / issued,
      lost,
      memory: after.memory / 1e6,
      isCpuLimited: process.isCpuLimited,
    };
  } finally {
    await process.stop();
    await backlog.close();
  }
}

type Settled = Required<Step>;

function isSettled(step: Step): step is Settled {
  return step.settled !== undefined && step.responded !== undefined && step.stored !== undefined;
}

const firstLease = (steps: Settled[]) => Math.min(...steps.map(({ leased }) => leased));

/**
 * Leaves out the first second, in which the first steps reach the vault all at once. They are less than a hundredth of a
 * whole sweep. If all steps start at once there are no others, so then it leaves out none.
 */
function withoutStart(settled: Settled[]): Settled[] {
  const begin = firstLease(settled) + 1000;
  const later = settled.filter(({ leased }) => leased >= begin);
  return later.length > 0 ? later : settled;
}

/** Returns the rotations a second, from the second second until no step may start any more or all have ended. */
function rateOf(settled: Settled[], seconds: number): number {
  const first = firstLease(settled);
  const begin = first + 1000;
  const end = Math.min(first + seconds * 1000, Math.max(...settled.map((step) => step.settled)));
  return settled.filter(({ settled: at }) => at >= begin && at < end).length / ((end - begin) / 1000);
}
