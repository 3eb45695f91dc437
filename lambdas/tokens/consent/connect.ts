import { randomUUID } from 'node:crypto';
import type { ZoomUser } from '../apis/zoom-responses.ts';
import { type Connection, isDisconnected, logContext, type Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { revoke } from '../disconnect/revoke.ts';
import { Failure, toFailure } from '../errors.ts';
import { grantedScope } from '../n8n-scopes.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { retryUntil } from '../rotation/retry.ts';
import { seal } from '../sealing/seal.ts';
import type { Consent } from '../store/connections.ts';
import { placeOfConsent } from './choose-place.ts';

type ConnectDependencies = Pick<
  Dependencies,
  'store' | 'sealingKey' | 'vault' | 'zoom' | 'now' | 'wait' | 'random' | 'log' | 'bundleBytes'
>;

/** A new connection, and the outcome of publishing its token. */
export interface ConnectResult {
  item: Connection;
  user: ZoomUser | undefined;
  outcome: Outcome;
}

/** New tokens of a grant, and their connection. */
export type NewGrant = Pick<Connection, 'connection' | 'app' | 'grantType' | 'consentedAt' | 'place'> & {
  /** The id of the consent's link. A Server-to-Server grant has no link, and gets an id of its own. */
  consentId?: string;
  /** The connection's generation before the request to Zoom, 0 without one. */
  seen: number;
  /** Client id of the app that obtained the tokens. */
  clientId: string;
  tokens: Tokens;
  user: ZoomUser | undefined;
};

/**
 * Stores new tokens as a connection, then publishes them. A failed publication is part of the outcome.
 * @param publish publishes the tokens of the item that was stored
 * @throws {Failure} `rejected` (`disconnected`, `overtaken`) when a disconnection or a newer consent was faster
 */
export async function connect(
  grant: NewGrant,
  publish: (item: Connection) => Promise<Outcome>,
  deps: ConnectDependencies,
  deadline: number,
): Promise<ConnectResult> {
  const item = await commitConsent(grant, deps, deadline);
  deps.log.info('connected', logContext(item));
  // The tokens are stored, so a later sweep retries a publication that fails now.
  const outcome = await publish(item).catch((error): Outcome => {
    deps.log.warn(toFailure(error).message, logContext(item));
    const { class: recorded } = toFailure(error);
    return { kind: 'failed', item, error, rotated: false, phase: 'publication', recorded, isRefused: false };
  });
  return { item, user: grant.user, outcome };
}

async function commitConsent(
  grant: NewGrant,
  deps: ConnectDependencies,
  deadline: number,
): Promise<Connection> {
  const { connection, tokens, seen } = grant;
  const { consentId = randomUUID() } = grant;
  // Prepared once, so that the store recognizes a repetition of the commit.
  let consent: Consent | undefined;
  const commit = async () => {
    consent ??= await prepareConsent(grant, consentId, deps);
    return deps.store.commitConsent(consent, seen);
  };
  const item = await retryUntil(deadline, commit, deps);
  if (isDisconnected(item)) {
    // The tokens are stored nowhere. If the revocation fails, they expire unused.
    await revoke(tokens, grant, deps).catch(() => {});
    throw disconnectedMeanwhile(connection);
  }
  if (item.consentId !== consentId) throw overtaken(connection);
  return item;
}

async function prepareConsent(
  { connection, grantType, app, clientId, tokens, user, consentedAt, place }: NewGrant,
  consentId: string,
  deps: ConnectDependencies,
): Promise<Consent> {
  const { store, sealingKey } = deps;
  const previous = await store.get(connection);
  return {
    connection,
    app,
    grantType,
    sealedTokens: await seal(tokens, connection, await sealingKey()),
    expiresAt: tokens.expiresAt,
    consentedAt,
    consentId,
    clientId,
    // Server-to-Server tokens are valid side by side. For a user's tokens it is unknown until measured.
    overlap: grantType === 'account_credentials' ? 'yes' : overlapBefore(previous),
    ...grantedScope(tokens),
    ...(await placeOfConsent(
      { connection, ...(place && { place }), accessToken: tokens.accessToken },
      previous,
      deps,
    )),
    ...(user && { zoomUserId: user.id }),
    ...(user?.accountId && { zoomAccountId: user.accountId }),
  };
}

function overlapBefore(previous: Connection | undefined): Connection['overlap'] {
  return previous?.grantType === 'authorization_code' ? previous.overlap : 'unknown';
}

/** Returns a handler that replaces the action of a retryable failure, because no sweep retries a first request. */
export function withManualRetry(action: string) {
  return (error: unknown): never => {
    if (!(error instanceof Failure) || error.class !== 'retry') throw error;
    throw new Failure('retry', error.code, error.message, action, error.retryAfter);
  };
}

function disconnectedMeanwhile(connection: string): Failure {
  return new Failure(
    'rejected',
    'disconnected',
    `"${connection}" was disconnected during the consent, and stays disconnected.`,
    'To connect it, ask for a new link.',
  );
}

function overtaken(connection: string): Failure {
  return new Failure(
    'rejected',
    'overtaken',
    `A newer consent has connected "${connection}" in the meantime. Its tokens stay in use.`,
    'No action is needed. To consent as another Zoom user, ask for a new link.',
  );
}
