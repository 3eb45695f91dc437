import type { ConnectionView, FailureDetails } from '../../../lambdas/operator-protocol.ts';
import { Failure, LINK_SECONDS } from '../../../lambdas/operator-protocol.ts';
import type { RequestParameters } from '../../operator-client.ts';
import type { Session } from '../../session.ts';
import { wait } from '../../terminal/interruption.ts';
import { type ConnectionSnapshot, findConnection } from './find-connection.ts';

const POLL_SECONDS = 2;

/** A one-time link, and the state of its connection before the consent. */
interface ConsentLink {
  connection: string;
  /** Absent if an older version is deployed, which does not tell what became of a link. */
  id: string | undefined;
  url: string;
  /** Epoch seconds, by the installation's clock. */
  expiresAt: number;
  /** Epoch seconds, by this machine's clock. */
  localExpiresAt: number;
  /** The connection's generation before the consent. */
  generation: number;
}

/** Requests a one-time link. @throws {Failure} */
export async function requestLink(
  parameters: RequestParameters['link'],
  { operator }: Session,
): Promise<ConsentLink> {
  const { link: url, id, expiresAt, generation } = await operator.request('link', parameters);
  // The two clocks may differ; no link is valid for longer than LINK_SECONDS.
  const localExpiresAt = Math.min(expiresAt, localTime() + LINK_SECONDS);
  return { connection: parameters.connection, id, url, expiresAt, localExpiresAt, generation };
}

/**
 * Polls the connection and the link until a user has consented through the link, or cannot any more.
 * @throws {Failure} `rejected` (`link_expired`) when the link expires first, (`already_connected`) when the Zoom user has
 * another connection; or the failure of the consent
 * @throws {Interrupted}
 */
export async function waitForConsent(link: ConsentLink, session: Session): Promise<ConnectionSnapshot> {
  const { connection, generation, localExpiresAt } = link;
  for (;;) {
    // Read before the request, so that a consent in the last second still counts.
    const isExpired = localTime() >= localExpiresAt;
    const snapshot = await findConnection(connection, session).catch(ignoreRetryable);
    if (snapshot && snapshot.view.generation > generation && isSettled(snapshot.view)) return snapshot;
    const isRunning = await throwIfOver(link, session);
    if (isExpired && !isRunning) throw linkExpired(connection);
    await wait(POLL_SECONDS);
  }
}

/** Throws when the link cannot connect its connection any more. Returns whether a callback is at it. */
async function throwIfOver({ id, connection }: ConsentLink, { operator }: Session): Promise<boolean> {
  if (id === undefined) return false;
  const outcome = await operator.request('link-outcome', { id }).catch(ignoreRetryable);
  if (outcome?.kind === 'failed') throw consentFailure(connection, outcome.error);
  if (outcome?.kind !== 'connected') return outcome?.kind === 'in_progress';
  if (outcome.connection !== connection) throw alreadyConnected(connection, outcome.connection);
  return true;
}

/** Returns epoch seconds, by this machine's clock. */
const localTime = () => Date.now() / 1000;

/**
 * Returns whether the consent is complete. The callback function stores the tokens before it publishes them, and a
 * poll may fall in between. A disconnection raises the generation as well, and is no consent.
 */
const isSettled = ({ publishedVersion, version, failures, status }: ConnectionView) =>
  status !== 'disconnected' && (publishedVersion === version || failures > 0 || status !== 'active');

/** Returns undefined for a retryable failure, so that the wait continues. */
function ignoreRetryable(error: unknown): undefined {
  if (error instanceof Failure && error.class === 'retry') return undefined;
  throw error;
}

function linkExpired(connection: string): Failure {
  return new Failure(
    'rejected',
    'link_expired',
    'The link expired before a user consented through it.',
    `Create a new link: npx zoom-tokens connect ${connection}`,
  );
}

/** The failure that the user has read in the browser, in words for the operator. */
function consentFailure(connection: string, { class: failureClass, code, message, action }: FailureDetails) {
  const newLink = `New link: npx zoom-tokens connect ${connection}`;
  if (code === 'consent_declined') {
    return new Failure(failureClass, code, 'Declined at Zoom. Nothing was connected.', newLink);
  }
  return new Failure(failureClass, code, message, action.replace('Ask for a new link.', newLink));
}

function alreadyConnected(connection: string, other: string): Failure {
  return new Failure(
    'rejected',
    'already_connected',
    `The Zoom user is already connected as "${other}". That connection was renewed, and "${connection}" was not connected.`,
    `Use "${other}" in n8n. To connect "${connection}" too, another Zoom user has to consent.`,
  );
}
