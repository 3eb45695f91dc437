import { isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { Place } from '../publication/place.ts';
import type { StoredLink } from '../store/links.ts';
import { ConsentOver } from './consent-attempt.ts';
import { consentTimedOut, type OutcomeDependencies, outcomeOf } from './link-outcome.ts';
import type { ConsentCookie, FinishedCookie, PendingConsent } from './pending-consent.ts';

/** The response to a request that repeats an earlier one of the same consent and browser. */
export type RepeatedConsent =
  | { repeated: 'in_progress' }
  /** `requested` is the connection of the link, `connection` the one that has the tokens. */
  | { repeated: 'connected'; connection: string; requested: string; forMe: boolean; place?: Place };

/**
 * Returns the consent if it can still be finished, otherwise what an earlier request made of it. Only the browser with the
 * sealed cookie learns that.
 * @throws {ConsentOver} the failure of the earlier request
 */
export async function resumeConsent(
  cookie: ConsentCookie | FinishedCookie,
  deps: OutcomeDependencies,
): Promise<PendingConsent | RepeatedConsent> {
  const link = await deps.store.link(cookie.link);
  if (!link) throw new ConsentOver(consentTimedOut());
  if ('connectedAs' in cookie) return connectedBefore(cookie.connectedAs, link, deps);
  const { connection, app, replaceUser, forMe, place } = link;
  const outcome = await outcomeOf(link, deps);
  switch (outcome.kind) {
    case 'waiting':
    case 'opened':
      return { ...cookie, connection, app, replaceUser, forMe, ...(place && { place }) };
    case 'in_progress':
      return { repeated: 'in_progress' };
    case 'connected':
      return connectedBefore(outcome.connection, link, deps);
    case 'failed':
      throw new ConsentOver(outcome.error);
  }
}

async function connectedBefore(
  connection: string,
  { connection: requested, forMe }: StoredLink,
  { store }: Pick<Dependencies, 'store'>,
): Promise<RepeatedConsent> {
  const item = await store.get(connection);
  if (!item || isDisconnected(item)) throw disconnectedSince(connection);
  return { repeated: 'connected', connection, requested, forMe, ...(item.place && { place: item.place }) };
}

function disconnectedSince(connection: string): Failure {
  return new ConsentOver(
    new Failure(
      'rejected',
      'disconnected',
      `This sign-in connected "${connection}", which was disconnected later.`,
      'To connect it again, ask for a new link.',
    ),
  );
}
