import { randomUUID } from 'node:crypto';
import { type Connection, logContext, type Tokens } from '../connection.ts';
import type { CallbackDependencies } from '../dependencies.ts';
import { createAppMonitor } from '../judgement/app-monitor.ts';
import { LEASE_SECONDS, leftoverOf } from '../lease.ts';
import type { Placed } from '../publication/place.ts';
import { addPublication } from '../publication-room.ts';
import { isOutdated } from '../push/outdated.ts';
import { earliestEnd, rotateAt } from '../schedule.ts';
import { startConnection } from '../start/start-connection.ts';
import type { Outcome } from './outcome.ts';
import { overlapOf } from './overlap.ts';
import { publishToken } from './publish.ts';
import { recordFailure } from './record-failure.ts';

/**
 * Publishes the tokens that a consent has just stored, under the connection's lease. The callback function has no key to open
 * stored tokens: it publishes those in its memory, and starts the rotate function for whatever is left to do.
 * @param item as the consent was committed
 */
export async function publishHeld(
  item: Connection,
  tokens: Tokens,
  deps: CallbackDependencies,
): Promise<Outcome> {
  const { store, now } = deps;
  if (!isOwnAlone(item)) return leaveToStep(item, deps);
  const lease = { owner: randomUUID(), now: now(), until: now() + LEASE_SECONDS, early: false };
  const leased = await store.lease(item.connection, lease);
  if (!leased) return leaveToStep(item, deps);
  // A later consent has tokens of its own, and a kept one may have ended these at Zoom.
  if (leased.version !== item.version || leased.keptConsent) {
    await store.release(leased, { isUnfinished: leftoverOf(leased) !== undefined });
    return leaveToStep(item, deps);
  }
  try {
    return await publishAndSettle(leased, tokens, deps);
  } catch (error) {
    const recorded = await recordFailure(leased, error, {}, deps, createAppMonitor(deps));
    return { kind: 'failed', item: leased, error, rotated: false, phase: 'publication', ...recorded };
  }
}

async function publishAndSettle(
  leased: Connection,
  { accessToken }: Tokens,
  deps: CallbackDependencies,
): Promise<Outcome> {
  const { store, now, margins, log } = deps;
  await publishToken(leased, accessToken, deps);
  const publications = addPublication(leased.publications, now());
  const item = { ...leased, publications, validUntil: earliestEnd(leased) };
  const isPushDue = (item.targets ?? []).some((target) => isOutdated(target, item));
  const settlement = {
    ...overlapOf(item),
    publications,
    validUntil: item.validUntil,
    dueAt: isPushDue ? now() : rotateAt(item, margins),
  };
  // A consent that came meanwhile has tokens of its own to publish: the next step does.
  if (!(await store.settle(item, settlement))) await store.release(item);
  log.info('published', logContext(item));
  if (isPushDue) await startConnection(item.connection, deps);
  return { kind: 'settled', item, rotated: false, published: true };
}

/** A bundle holds tokens of other connections, which this function cannot open. */
const isOwnAlone = ({ place = 'own', oldPlaces = [] }: Placed): boolean =>
  place === 'own' && oldPlaces.length === 0;

async function leaveToStep(item: Connection, deps: CallbackDependencies): Promise<Outcome> {
  await startConnection(item.connection, deps);
  return { kind: 'nothing' };
}
