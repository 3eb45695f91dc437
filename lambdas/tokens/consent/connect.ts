import { randomUUID } from 'node:crypto';
import type { ZoomUser } from '../apis/zoom-responses.ts';
import { assertName, type Connection, type Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { revoke } from '../disconnect/revoke.ts';
import { Failure, toFailure } from '../errors.ts';
import { retryUntil } from '../rotation/retry.ts';
import { type Outcome, type StepOptions, step } from '../rotation/step.ts';
import { seal } from '../sealing/seal.ts';
import type { Consent } from '../store.ts';
import { assertGrant } from './assert-grant.ts';

/** A connection that was just made, and how far n8n can see it. */
export interface ConnectResult {
  item: Connection;
  user: ZoomUser | undefined;
  outcome: Outcome;
}

/** New tokens of a grant, and the connection that they are for. */
type NewGrant = Pick<Connection, 'connection' | 'app' | 'grantType' | 'consentedAt'> & {
  /** The connection's generation before Zoom was asked, 0 where there was none. */
  seen: number;
  /** Of the app that obtained the tokens. */
  clientId: string;
  tokens: Tokens;
  user: ZoomUser | undefined;
};

/**
 * Connects a Server-to-Server app: no browser, no human.
 * @throws {Failure} `rejected` for another grant, `misconfigured` when the app has no `account_id`
 */
export async function connectServerToServer(
  { connection, app }: Pick<Connection, 'connection' | 'app'>,
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectResult> {
  assertName('connection', connection);
  assertName('app', app);
  const existing = await assertGrant(connection, 'account_credentials', deps);
  const credentials = await deps.vault.app(app);
  if (!credentials.accountId) {
    throw new Failure(
      'misconfigured',
      'account_id_missing',
      `The secret of the app "${app}" has no account_id, which a Server-to-Server app needs.`,
      'Add it to the app secret; the Zoom App Marketplace shows it under App Credentials.',
    );
  }
  const tokens = await deps.zoom
    .accountCredentials(credentials)
    .catch(withManualRetry('Connect it again in a few minutes; nothing was changed.'));
  const seen = existing?.generation ?? 0;
  const grantType = 'account_credentials';
  const { clientId } = credentials;
  const consentedAt = deps.now();
  const grant = { connection, app, grantType, tokens, clientId, user: undefined, consentedAt, seen } as const;
  return connect(grant, deps, options);
}

/**
 * Stores new tokens as a connection, then publishes them.
 * @throws {Failure} `rejected` when a disconnection or a newer consent came between
 */
export async function connect(
  grant: NewGrant,
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectResult> {
  const { connection, app, tokens, user, seen } = grant;
  const consentId = randomUUID();
  // Prepared once: a repetition of the commit must be recognized as one.
  let consent: Consent | undefined;
  const commit = async () => {
    consent ??= await prepareConsent(grant, consentId, deps);
    return deps.store.commitConsent(consent, seen);
  };
  const item = await retryUntil(options.deadline, commit, deps);
  if (item.status === 'disconnected') {
    // The tokens are kept nowhere. Where Zoom cannot be told, they expire unused.
    await revoke(tokens, app, deps).catch(() => {});
    throw disconnectedMeanwhile(connection);
  }
  if (item.consentId !== consentId) throw overtaken(connection);
  const { generation, version } = item;
  const context = { connection, app, generation, version };
  deps.log.info('connected', context);
  // The tokens are stored: a publication that fails now is repeated by a later sweep.
  const outcome = await step(connection, deps, { ...options, early: false }).catch((error): Outcome => {
    deps.log.warn(toFailure(error).message, context);
    const { class: recorded } = toFailure(error);
    return { kind: 'failed', item, error, rotated: false, phase: 'publication', recorded, isRefused: false };
  });
  return { item, user, outcome };
}

async function prepareConsent(
  { connection, grantType, app, clientId, tokens, user, consentedAt }: NewGrant,
  consentId: string,
  { store, keyring }: Dependencies,
): Promise<Consent> {
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
    // Several Server-to-Server tokens live side by side. For a user's tokens it is unknown until measured.
    overlap: grantType === 'account_credentials' ? 'yes' : overlapBefore(previous),
    ...(user && { zoomUserId: user.id }),
    ...(user?.accountId && { zoomAccountId: user.accountId }),
  };
}

function overlapBefore(previous: Connection | undefined): Connection['overlap'] {
  return previous?.grantType === 'authorization_code' ? previous.overlap : 'unknown';
}

/** Gives a failed first request its action: no sweep retries a first token, a person does. */
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
    `"${connection}" was disconnected while you consented; it stays disconnected.`,
    'Ask for a new link if it is to be connected.',
  );
}

function overtaken(connection: string): Failure {
  return new Failure(
    'rejected',
    'overtaken',
    `"${connection}" was connected by a newer consent meanwhile; its tokens stay.`,
    'Nothing to do. To consent as another Zoom user, ask for a new link.',
  );
}
