import type { Connection } from '../../../lambdas/tokens/connection.ts';

/** One step of a connection, from the request for its lease to the write that gives it back; epoch seconds. */
interface Step {
  isSuspect: boolean;
  began: number;
  ended: number;
}

/** The writes that end a step. */
const ENDS = new Set(['settle', 'fail', 'release']);

/** Measures the steps of sweeps by their calls of the store. */
export class StepTimes {
  #ended: Step[] = [];
  readonly #underWay = new Map<string, Pick<Step, 'isSuspect' | 'began'>>();

  /** Takes note of a call of the store that has returned. */
  called(method: string, of: unknown, result: unknown, [began, ended]: [began: number, ended: number]): void {
    if (method === 'lease') {
      const leased = result as Connection | undefined;
      if (leased) this.#underWay.set(leased.connection, { isSuspect: 'suspectSince' in leased, began });
      return;
    }
    const name = (of as Connection | undefined)?.connection;
    const step = name === undefined || !ENDS.has(method) ? undefined : this.#underWay.get(name);
    if (!step || name === undefined) return;
    this.#underWay.delete(name);
    this.#ended.push({ ...step, ended });
  }

  /** Returns the steps that have ended since the last call. */
  take(): Step[] {
    return this.#ended.splice(0);
  }
}

/** Returns the suspects' share of the steps' time, while others were due. */
export function suspectShare(steps: readonly Step[], areOthersLeft: boolean): number {
  const others = steps.filter(({ isSuspect }) => !isSuspect);
  const until = areOthersLeft ? Infinity : Math.max(0, ...others.map(({ began }) => began));
  const counted = steps.filter(({ began }) => began <= until);
  const all = timeOf(counted);
  return all === 0 ? 0 : timeOf(counted.filter(({ isSuspect }) => isSuspect)) / all;
}

const timeOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, { began, ended }) => sum + ended - began, 0);
