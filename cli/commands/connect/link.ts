import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { Failure, LINK_SECONDS } from '../../../lambdas/operator-protocol.ts';
import type { Requests } from '../../operator-client.ts';
import type { Session } from '../../session.ts';
import { wait } from '../../terminal/interruption.ts';
import { lookFor } from './find-connection.ts';

const POLL_SECONDS = 2;

/** A one-time link, and what its consent will change. */
interface Link {
  connection: string;
  url: string;
  /** By the installation's clock, epoch seconds. */
  expiresAt: number;
  /** By this machine's clock, epoch seconds. */
  endsAt: number;
  /** The connection's generation before the consent. */
  generation: number;
}

export async function requestLink(request: Requests['link'], { operator }: Session): Promise<Link> {
  const { link: url, expiresAt, generation } = await operator.ask('link', request);
  // No link lives longer, however far apart the two clocks are.
  const endsAt = Math.min(expiresAt, clock() + LINK_SECONDS);
  return { connection: request.connection, url, expiresAt, endsAt, generation };
}

/**
 * Waits until somebody has consented.
 * @throws {Failure} `rejected` when the link has ended before
 * @throws {Interrupted}
 */
export async function untilConsented(
  { connection, generation, endsAt }: Link,
  session: Session,
): Promise<{ view: ConnectionView; now: number }> {
  for (;;) {
    const ended = clock() >= endsAt;
    const found = await lookFor(connection, session).catch(passing);
    if (found && found.view.generation > generation && isSettled(found.view)) return found;
    if (ended) throw expired(connection);
    await wait(POLL_SECONDS);
  }
}

const clock = () => Date.now() / 1000;

/**
 * The callback stores first and publishes then: a look may fall in between. A disconnection raises the generation
 * too, and is not what is waited for.
 */
const isSettled = ({ publishedVersion, version, failures, status }: ConnectionView) =>
  status !== 'disconnected' && (publishedVersion === version || failures > 0 || status !== 'active');

/** A wait of ten minutes outlives a short trouble. */
function passing(error: unknown): undefined {
  if (error instanceof Failure && error.class === 'retry') return undefined;
  throw error;
}

function expired(connection: string): Failure {
  return new Failure(
    'rejected',
    'link_expired',
    'The link has ended, and nobody has consented through it.',
    `Make another: zoom-tokens connect ${connection}.`,
  );
}
