import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import type { ConsentEnd } from '../store.ts';

/**
 * The outcome of a link:
 * - `waiting`: no callback has sent its authorization code to Zoom;
 * - `in_progress`: a callback is doing so;
 * - `connected`: `connection` has the tokens. It is another one than the link's if the Zoom user was connected already;
 * - `failed`: a new link is needed.
 */
export type LinkOutcome = { kind: 'waiting' } | { kind: 'in_progress' } | ConsentEnd;

/**
 * Returns what became of a link. If a callback was killed, the stored connection decides: its `consentId` is the link's id
 * once the tokens are stored.
 * @param id of the link
 */
export async function linkOutcome(
  id: string,
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
): Promise<LinkOutcome> {
  const { claim, end } = await store.consentRecord(id);
  if (end) return end;
  if (!claim) return { kind: 'waiting' };
  const { connection, until } = claim;
  if (until > now()) return { kind: 'in_progress' };
  const item = await store.get(connection);
  return item?.consentId === id
    ? { kind: 'connected', connection, at: item.consentedAt }
    : { kind: 'failed', error: toFailure(consentInterrupted()), at: until };
}

/** Error for a consent whose code Zoom may have accepted, while its tokens are lost. */
export function consentInterrupted(): Failure {
  return new Failure(
    'rejected',
    'consent_interrupted',
    'The sign-in was interrupted before it was complete. Zoom accepts its authorization code only once.',
    'Ask for a new link.',
  );
}
