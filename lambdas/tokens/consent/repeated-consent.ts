import { isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { ConsentOver } from './consent-attempt.ts';
import { linkOutcome } from './link-outcome.ts';
import type { FinishedCookie, PendingConsent } from './pending-consent.ts';

/** The response to a request that repeats an earlier one of the same consent and browser. */
export type RepeatedConsent =
  | { repeated: 'in_progress' }
  /** `requested` is the connection of the link, `connection` the one that has the tokens. */
  | { repeated: 'connected'; connection: string; requested: string };

/**
 * Returns the consent if it can still be finished, otherwise what an earlier request made of it. Only the browser with the
 * sealed cookie learns that.
 * @throws {ConsentOver} the failure of the earlier request
 */
export async function resumeConsent(
  cookie: PendingConsent | FinishedCookie,
  deps: Pick<Dependencies, 'store' | 'now'>,
): Promise<PendingConsent | RepeatedConsent> {
  if ('connectedAs' in cookie) return connectedBefore(cookie.connectedAs, cookie.connection, deps);
  const outcome = await linkOutcome(cookie.link, deps);
  switch (outcome.kind) {
    case 'waiting':
      return cookie;
    case 'in_progress':
      return { repeated: 'in_progress' };
    case 'connected':
      return connectedBefore(outcome.connection, cookie.connection, deps);
    case 'failed':
      throw new ConsentOver(outcome.error);
  }
}

async function connectedBefore(
  connection: string,
  requested: string,
  { store }: Pick<Dependencies, 'store'>,
): Promise<RepeatedConsent> {
  const item = await store.get(connection);
  if (!item || isDisconnected(item)) throw disconnectedSince(connection);
  return { repeated: 'connected', connection, requested };
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
