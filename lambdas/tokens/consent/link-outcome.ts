import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import type { ConsentEnd, StoredLink } from '../store/links.ts';
import { consentUntil } from './link-life.ts';
import { isUnknownKey } from './link-ticket.ts';

/**
 * The outcome of a link:
 * - `waiting`: no browser has gone to Zoom with it;
 * - `opened`: a browser has, and no callback has sent an authorization code to Zoom;
 * - `in_progress`: a callback is doing so;
 * - `connected`: `connection` has the tokens. It is another one than the link's if the Zoom user was connected already;
 * - `failed`: a new link is needed.
 */
export type LinkOutcome = { kind: 'waiting' } | { kind: 'opened' } | { kind: 'in_progress' } | ConsentEnd;

export type OutcomeDependencies = Pick<Dependencies, 'store' | 'now' | 'consentSeconds' | 'keyring'>;

/**
 * Returns what became of a link.
 * @throws {Failure} `rejected` (`unknown_link`) for a link that was never made, or that ended days ago
 */
export async function linkOutcome(id: string, deps: OutcomeDependencies): Promise<LinkOutcome> {
  const link = await deps.store.link(id);
  if (!link) throw unknownLink();
  return outcomeOf(link, deps);
}

/**
 * Returns what became of a stored link. If a callback was killed, the stored connection decides: its `consentId` is the
 * link's id once the tokens are stored.
 */
export async function outcomeOf(
  { id, connection, keyId, expiresAt, usedAt, claim, end }: StoredLink,
  { store, now, consentSeconds, keyring }: OutcomeDependencies,
): Promise<LinkOutcome> {
  if (end) return end;
  if (claim) {
    const item = await store.get(connection);
    if (item?.consentId === id) return { kind: 'connected', connection, at: item.consentedAt };
    if (claim.until > now()) return { kind: 'in_progress' };
    return failedAt(claim.until, consentInterrupted());
  }
  const until = usedAt === undefined ? expiresAt : consentUntil(usedAt, expiresAt, consentSeconds);
  if (until <= now())
    return failedAt(until, usedAt === undefined ? linkExpired(connection) : consentTimedOut());
  // The key of the ticket also opens the cookie of a consent in progress.
  const hasKey = await keyring(keyId).then(() => true, ifUnknown);
  if (!hasKey) return failedAt(now(), keyReplaced());
  return { kind: usedAt === undefined ? 'waiting' : 'opened' };
}

function ifUnknown(error: unknown): false {
  if (isUnknownKey(error)) return false;
  throw error;
}

const failedAt = (at: number, failure: Failure): ConsentEnd => ({
  kind: 'failed',
  error: toFailure(failure),
  at,
});

/** Error for a consent whose code Zoom may have accepted, while its tokens are lost. */
export function consentInterrupted(): Failure {
  return new Failure(
    'rejected',
    'consent_interrupted',
    'The sign-in was interrupted before it was complete. Zoom accepts its authorization code only once.',
    'Ask for a new link.',
  );
}

/** Error for a consent that was not complete in time. */
export function consentTimedOut(): Failure {
  return new Failure(
    'rejected',
    'consent_expired',
    'The sign-in at Zoom took too long.',
    'Ask for a new link.',
  );
}

function linkExpired(connection: string): Failure {
  return new Failure(
    'rejected',
    'link_expired',
    'The link expired before a user consented through it.',
    `Create a new link: npx zoom-tokens connect ${connection}`,
  );
}

/** Error for a link that opens nothing any more, because the key that signed it was replaced. */
export function keyReplaced(): Failure {
  return new Failure(
    'rejected',
    'key_replaced',
    'A key rotation ended this link.',
    'Make the ended links anew: npx zoom-tokens connect --renew-links',
  );
}

function unknownLink(): Failure {
  return new Failure(
    'rejected',
    'unknown_link',
    'There is no such link, or it ended more than a week ago.',
    'Create a new link: npx zoom-tokens connect <connection>',
  );
}
