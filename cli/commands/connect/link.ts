import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { Failure, LINK_SECONDS } from '../../../lambdas/operator-protocol.ts';
import type { RequestParameters } from '../../operator-client.ts';
import type { Session } from '../../session.ts';
import { wait } from '../../terminal/interruption.ts';
import { type ConnectionSnapshot, findConnection } from './find-connection.ts';

const POLL_SECONDS = 2;

/** A one-time link, and the state of its connection before the consent. */
interface ConsentLink {
  connection: string;
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
  const { link: url, expiresAt, generation } = await operator.request('link', parameters);
  // The two clocks may differ; no link is valid for longer than LINK_SECONDS.
  const localExpiresAt = Math.min(expiresAt, localTime() + LINK_SECONDS);
  return { connection: parameters.connection, url, expiresAt, localExpiresAt, generation };
}

/**
 * Polls the connection until a user has consented through the link.
 * @throws {Failure} `rejected` (`link_expired`) when the link expires first
 * @throws {Interrupted}
 */
export async function waitForConsent(
  { connection, generation, localExpiresAt }: ConsentLink,
  session: Session,
): Promise<ConnectionSnapshot> {
  for (;;) {
    // Read before the request, so that a consent in the last second still counts.
    const isExpired = localTime() >= localExpiresAt;
    const snapshot = await findConnection(connection, session).catch(ignoreRetryable);
    if (snapshot && snapshot.view.generation > generation && isSettled(snapshot.view)) return snapshot;
    if (isExpired) throw linkExpired(connection);
    await wait(POLL_SECONDS);
  }
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
