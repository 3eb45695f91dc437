import { randomUUID } from 'node:crypto';
import { type Connection, logContext, type Tokens } from '../connection.ts';
import type { CallbackDependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { grantedScope } from '../n8n-scopes.ts';
import type { Place } from '../publication/place.ts';
import { retryUntil } from '../rotation/retry.ts';
import { seal } from '../sealing/seal.ts';
import { startConnection } from '../start/start-connection.ts';
import { warnOfFailure } from '../warn-of-failure.ts';

/** A consent to a connection that belongs to a Zoom user, of which Zoom has not said yet by whom it was given. */
interface UnattributedConsent {
  /** The connection as it was found. */
  item: Connection;
  app: string;
  clientId: string;
  tokens: Tokens;
  consentedAt: number;
  /** The place that the consent's link names. */
  place?: Place;
}

/**
 * Keeps a consent in the rescue store until Zoom says by whom it was given. The callback only writes there; a step reads it
 * (`settleKeptConsent`).
 * @returns whether it is kept
 */
export async function keepConsent(
  { item, app, clientId, tokens, consentedAt, place }: UnattributedConsent,
  deps: CallbackDependencies,
  deadline: number,
): Promise<boolean> {
  const { rescue, store, sealingKey, now, log } = deps;
  if (!rescue) return false;
  const { connection } = item;
  const consentId = randomUUID();
  try {
    const { expiresAt } = tokens;
    const sealedTokens = await seal(tokens, connection, await sealingKey());
    const kept = { sealedTokens, expiresAt, rotatedAt: consentedAt, clientId, ...grantedScope(tokens) };
    await retryUntil(deadline, () => rescue.put({ connection, consentId }, kept), deps);
    const noted = { consentId, app, ...(place && { place }) };
    const note = () => store.noteKeptConsent(connection, noted, now());
    const isNoted = await retryUntil(deadline, note, deps);
    if (!isNoted) return false;
    log.info('a consent is kept until Zoom says by whom it was given', logContext(item));
    await startConnection(connection, deps);
    return true;
  } catch (error) {
    warnOfFailure(log, 'The consent could not be kept.', error, logContext(item));
    return false;
  }
}

/** Error for a consent that is kept. Does not reveal who owns the connection. */
export function consentIsKept(connection: string): Failure {
  return new Failure(
    'retry',
    'user_pending',
    `Zoom did not say in time by whom the consent to "${connection}" was given. The consent is kept until Zoom does.`,
    `Close this page. Within minutes "${connection}" is renewed if the consent is its own Zoom user's; otherwise the consent is revoked.`,
  );
}
