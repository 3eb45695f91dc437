import { expect } from '@jest/globals';
import { LEASE_SECONDS } from '../../../lambdas/tokens/lease.ts';
import { ALL_FAULTS, type Fault, type Strike } from './faults.ts';
import type { Lab } from './lab.ts';
import { isUnavoidable } from './loss.ts';
import { type Scenario, sweepOnce } from './scenarios.ts';

const MINUTE = 60;
/** A failed step is repeated by the first or the second sweep after it: the first back-off is at most 60 s. */
const LONGEST_RECOVERY_MINUTES = 2;
/** Includes a lease that could not be released: the first sweep after its end repeats the step. */
const LONGEST_RECOVERY_WITH_LEASE_MINUTES = Math.ceil(LEASE_SECONDS / MINUTE) + LONGEST_RECOVERY_MINUTES;

/**
 * Expects how a connection comes back after the invocation with the fault, at one sweep a minute: the lease is free and
 * the failure is recorded when the invocation ends, and n8n has a living token within two minutes. Where the fault hit
 * the function itself or its store, the lease ends by itself first. A connection that is lost does not come back.
 * @param points the calls of the invocation without the fault
 */
export async function expectWay(
  lab: Lab,
  scenario: Scenario,
  strike: Strike,
  points: string[],
): Promise<void> {
  const { fault, at, lasts } = strike;
  const { kills, isHarmless }: Fault = ALL_FAULTS[fault];
  const isStoreHit = !isHarmless && points[at]?.startsWith('dynamodb') === true;
  const isLeaseKept = kills === true || isStoreHit;
  const isLost = isUnavoidable(scenario, points, strike);
  const ended = await lab.connection('main');
  if (!isLeaseKept) {
    expect({ leaseUntil: ended?.leaseUntil }).toEqual({ leaseUntil: undefined });
    // The person at the browser learns of a consent that failed.
    if (ended && scenario.invoke === sweepOnce && !(await isWell(lab))) {
      expect(ended.failures).toBeGreaterThan(0);
      expect(ended.lastError).toEqual(expect.objectContaining({ at: expect.any(Number) }));
    }
  }
  if (isHarmless) expect(await isWell(lab)).toBe(ended !== undefined);
  const limit = isLeaseKept ? LONGEST_RECOVERY_WITH_LEASE_MINUTES : LONGEST_RECOVERY_MINUTES;
  const minutes = await sweepUntilWell(lab, limit);
  if (ended && !isLost)
    expect({ fault, lasts, minutes }).toEqual({ fault, lasts, minutes: expect.any(Number) });
}

/** Returns the minutes until the connection is well, `undefined` where it is not after `limit` of them. */
async function sweepUntilWell(lab: Lab, limit: number): Promise<number | undefined> {
  for (let minutes = 0; minutes <= limit; minutes += 1) {
    if (minutes > 0) {
      lab.pass(MINUTE);
      await sweepOnce(lab, lab.healthy);
    }
    if ((await isWell(lab)) || lab.zoom.refusals > 0) return minutes;
  }
  return undefined;
}

/** Returns whether no step is due or leased, n8n has the stored token, and Zoom accepts it. */
async function isWell(lab: Lab): Promise<boolean> {
  const item = await lab.connection('main');
  if (item?.status !== 'active' || item.failures > 0 || item.publishedVersion < item.version) return false;
  if (item.dueAt <= lab.now() || (item.leaseUntil ?? 0) > lab.now()) return false;
  const published = await lab.published('main');
  return published === (await lab.tokens('main'))?.accessToken && lab.zoom.accepts(published);
}
