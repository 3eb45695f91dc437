import { randomUUID } from 'node:crypto';
import type { ZoomUser } from '../apis/zoom-responses.ts';
import { assertName, type Connection, isDisconnected, logContext, type Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { revoke } from '../disconnect/revoke.ts';
import { Failure, toFailure } from '../errors.ts';
import { grantedScope } from '../n8n-scopes.ts';
import { bundleOfAny } from '../publication/place.ts';
import type { Outcome, StepOptions } from '../rotation/outcome.ts';
import { retryUntil } from '../rotation/retry.ts';
import { step } from '../rotation/step.ts';
import { seal } from '../sealing/seal.ts';
import { startConnection } from '../start/start-connection.ts';
import type { Consent } from '../store.ts';
import { assertGrant } from './assert-grant.ts';
import { assertPlace, placeOfConsent } from './choose-place.ts';

/** A new connection, and the outcome of publishing its token. */
export interface ConnectResult {
  item: Connection;
  user: ZoomUser | undefined;
  outcome: Outcome;
}

/** New tokens of a grant, and their connection. */
type NewGrant = Pick<Connection, 'connection' | 'app' | 'grantType' | 'consentedAt' | 'place'> & {
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
 * Connects a Server-to-Server app, which needs no consent.
 * https://developers.zoom.us/docs/internal-apps/s2s-oauth/
 * @throws {Failure} `rejected` (`invalid_name`, `other_grant`), `misconfigured` when the app cannot get a token, or `retry`
 * when Zoom is unavailable
 */
export async function connectServerToServer(
  { connection, app, place }: Pick<Connection, 'connection' | 'app' | 'place'>,
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectResult> {
  assertName('connection', connection);
  assertName('app', app);
  const existing = await assertGrant(connection, 'account_credentials', deps);
  await assertPlace(connection, place, existing, deps);
  const credentials = await deps.vault.app(app, { fresh: true });
  if (!credentials.accountId) throw accountIdMissing(app);
  const tokens = await deps.zoom
    .accountCredentials(credentials)
    .catch(withManualRetry('Nothing was changed. Run the command again in a few minutes.'));
  const grant = { connection, app, grantType: 'account_credentials', tokens, user: undefined } as const;
  const seen = existing?.generation ?? 0;
  const { clientId } = credentials;
  return connect(
    { ...grant, ...(place && { place }), clientId, consentedAt: deps.now(), seen },
    deps,
    options,
  );
}

/**
 * Stores new tokens as a connection, then publishes them. A failed publication is part of the outcome.
 * @throws {Failure} `rejected` (`disconnected`, `overtaken`) when a disconnection or a newer consent was faster
 */
export async function connect(
  grant: NewGrant,
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectResult> {
  const item = await commitConsent(grant, deps, options.deadline);
  deps.log.info('connected', logContext(item));
  if (deps.starter && bundleOfAny(item) !== undefined) {
    // This function cannot open the tokens of the other members.
    await startConnection(item.connection, deps);
    return { item, user: grant.user, outcome: { kind: 'nothing' } };
  }
  // The tokens are stored, so a later sweep retries a publication that fails now.
  const outcome = await step(grant.connection, deps, { ...options, early: false }).catch((error): Outcome => {
    deps.log.warn(toFailure(error).message, logContext(item));
    const { class: recorded } = toFailure(error);
    return { kind: 'failed', item, error, rotated: false, phase: 'publication', recorded, isRefused: false };
  });
  return { item, user: grant.user, outcome };
}

async function commitConsent(grant: NewGrant, deps: Dependencies, deadline: number): Promise<Connection> {
  const { connection, app, tokens, seen } = grant;
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
    await revoke(tokens, app, deps).catch(() => {});
    throw disconnectedMeanwhile(connection);
  }
  if (item.consentId !== consentId) throw overtaken(connection);
  return item;
}

async function prepareConsent(
  { connection, grantType, app, clientId, tokens, user, consentedAt, place }: NewGrant,
  consentId: string,
  deps: Dependencies,
): Promise<Consent> {
  const { store, keyring } = deps;
  const previous = await store.get(connection);
  return {
    connection,
    app,
    grantType,
    sealedTokens: await seal(tokens, connection, await keyring()),
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

function accountIdMissing(app: string): Failure {
  return new Failure(
    'misconfigured',
    'account_id_missing',
    `The secret of the app "${app}" has no account_id, which a Server-to-Server app needs.`,
    'Add account_id to the app secret. The Zoom App Marketplace shows it under App Credentials.',
  );
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
