import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { replacing, variedBundle } from '../functions/bundles.ts';
import { startFunction } from '../functions/function-process.ts';
import { percentile } from '../report/statistics.ts';
import { openBacklog, type Step } from './backlog.ts';
import { WRITES_A_SECOND } from './secrets-manager.ts';

/** What a sweep leaves unused of its function's time; see lambdas/tokens/sweep/sweep.ts. */
const STEP_SECONDS = 20;
/** From the lease to the end of a step, at the least. */
const STEP_MILLISECONDS = 210;
/** All that are due at once: one page, and none waits for another. */
export const UNBOUNDED = 1000;

/** How many connections at a time, and whether the writes keep a pace. */
export interface Variant {
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
  /** Of the function's process, each token that Zoom gave. */
  cpu: number;
  /** Writes that were refused, each token that Zoom gave. */
  throttled: number;
  /** Share of the rotated tokens whose publication was put off to a later sweep. */
  postponed: number;
  /** Tokens that only Zoom knows in the end. */
  lost: number;
  /** Megabytes. */
  memory: number;
}

/** The rotate function, with that many at a time. Answers its folder. */
export function variantBundle({ concurrency, paced }: Variant, folder: string): Promise<string> {
  const plugins = [
    replacing(
      /tokens\/sweep\.ts$/,
      /(CONCURRENCY|PAGE) = \d+/g,
      (_, name) => `${name} = ${name === 'PAGE' ? Math.max(100, concurrency) : concurrency}`,
    ),
  ];
  if (!paced) {
    plugins.push(
      replacing(/aws\/secrets-vault\.ts$/, /WRITES_A_SECOND = \d+/, () => 'WRITES_A_SECOND = Infinity'),
    );
  }
  return variedBundle('rotate', join(folder, `${concurrency}${paced ? '-paced' : ''}`), plugins);
}

export interface RunOptions {
  /** Of the bundle. */
  folder: string;
  nativeClient: string;
  /** How long the sweep takes new connections. */
  seconds: number;
  /** A sweep that goes before, since a function is warm each minute but the first. */
  warmUp?: { connections: number; seconds: number };
}

/** Lets a warm function work on a backlog. */
export async function runSweep(
  variant: Variant,
  { folder, nativeClient, seconds, warmUp = { connections: 60, seconds: 2 } }: RunOptions,
): Promise<Sweep> {
  const backlog = await openBacklog();
  const process = await startFunction({ folder, environment: backlog.environment }, nativeClient);
  try {
    await backlog.add(warmUp.connections);
    const before = await process.invoke({}, warmUp.seconds + STEP_SECONDS);
    const warmedUp = await backlog.happened();
    // More than it can rotate meanwhile.
    const mostRotations = Math.min((variant.concurrency * 1000) / STEP_MILLISECONDS, WRITES_A_SECOND);
    await backlog.add(Math.ceil(mostRotations * (seconds + 1)));
    // The function counts whole seconds: from the beginning of one it has all of them.
    await setTimeout(1000 - (Date.now() % 1000));
    const after = await process.invoke({}, seconds + STEP_SECONDS + 0.9);
    const { steps, throttled, lost } = await backlog.happened();
    const done = steps.filter((_, index) => warmedUp.steps[index]?.leased === undefined);
    const settled = done.filter(isSettled);
    const given = done.filter(({ answered }) => answered !== undefined).length;
    const counted = withoutStart(settled);
    const took = counted.map(({ leased, settled: at }) => at - leased);
    return {
      ...variant,
      rotations: rateOf(settled, seconds),
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
      exposure: percentile(
        counted.map(({ answered, stored }) => stored - answered),
        0.99,
      ),
      cpu: (after.cpu - before.cpu) / given,
      throttled: (throttled - warmedUp.throttled) / given,
      postponed: 1 - settled.length / given,
      lost,
      memory: after.memory / 1e6,
    };
  } finally {
    await process.stop();
    await backlog.close();
  }
}

type Settled = Required<Step>;

function isSettled(step: Step): step is Settled {
  return step.settled !== undefined && step.answered !== undefined && step.stored !== undefined;
}

const firstLease = (steps: Settled[]) => Math.min(...steps.map(({ leased }) => leased));

/**
 * Without the first second, in which the first ones come to the vault all at once: of a whole sweep they are less than
 * a hundredth. Where all begin at once, there is nothing else.
 */
function withoutStart(settled: Settled[]): Settled[] {
  const begin = firstLease(settled) + 1000;
  const later = settled.filter(({ leased }) => leased >= begin);
  return later.length > 0 ? later : settled;
}

/** A second, from the first second on to the last in which one may begin, or to the end of all. */
function rateOf(settled: Settled[], seconds: number): number {
  const first = firstLease(settled);
  const begin = first + 1000;
  const end = Math.min(first + seconds * 1000, Math.max(...settled.map((step) => step.settled)));
  return settled.filter(({ settled: at }) => at >= begin && at < end).length / ((end - begin) / 1000);
}
