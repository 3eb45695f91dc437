import type { ConnectionView, FailureDetails, LinkOutcome } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import type { RequestParameters } from '../../operator-client.ts';
import type { Session } from '../../session.ts';
import { wait } from '../../terminal/interruption.ts';
import { clockNote, formatUntil } from '../../terminal/time.ts';
import { type ConnectionSnapshot, findConnection } from './find-connection.ts';

const POLL_SECONDS = 2;
/** A token that n8n cannot read yet is reported after this time. */
const PUBLICATION_POLLS = 15;

/** A one-time link and its connection. */
interface ConsentLink {
  connection: string;
  id: string;
  url: string;
  /** Epoch seconds, by the installation's clock. */
  expiresAt: number;
  /** `14:32 (in 29 min)` */
  until: string;
  /** That `until` is by another clock than this machine's; usually empty. */
  clock: string[];
  /** The connection's generation before the consent. */
  generation: number;
}

/** Requests a one-time link. @throws {Failure} */
export async function requestLink(
  parameters: RequestParameters['link'],
  { operator }: Session,
): Promise<ConsentLink> {
  const { link: url, id, createdAt, expiresAt, generation } = await operator.request('link', parameters);
  const until = formatUntil(expiresAt, createdAt);
  const clock = clockNote(createdAt);
  return { connection: parameters.connection, id, url, expiresAt, until, clock, generation };
}

/**
 * Polls the link until a user has consented through it, or cannot any more.
 * @throws {Failure} `rejected`: why nothing was connected, or (`already_connected`) that the Zoom user has another connection
 * @throws {Interrupted}
 */
export async function waitForConsent(link: ConsentLink, session: Session): Promise<ConnectionSnapshot> {
  const { connection } = link;
  for (;;) {
    const outcome = await requestOutcome(link, session);
    if (outcome?.kind === 'failed') throw consentFailure(connection, outcome.error);
    if (outcome?.kind === 'connected') {
      if (outcome.connection !== connection) throw alreadyConnected(connection, outcome.connection);
      return waitForPublication(connection, session);
    }
    await wait(POLL_SECONDS);
  }
}

const requestOutcome = ({ id }: ConsentLink, { operator }: Session): Promise<LinkOutcome | undefined> =>
  operator.request('link-outcome', { id }).catch(ignoreRetryable);

/** Returns the connection once n8n can read its token, or once that takes long. */
async function waitForPublication(connection: string, session: Session): Promise<ConnectionSnapshot> {
  for (let poll = 1; ; poll += 1) {
    const snapshot = await findConnection(connection, session).catch(ignoreRetryable);
    if (snapshot && (isSettled(snapshot.view) || poll >= PUBLICATION_POLLS)) return snapshot;
    await wait(POLL_SECONDS);
  }
}

/** Returns whether the token is published, or a publication has failed. The tokens are stored before that. */
const isSettled = ({ publishedVersion, version, failures, status }: ConnectionView) =>
  publishedVersion === version || failures > 0 || status !== 'active';

/** Returns undefined for a retryable failure, so that the wait continues. */
function ignoreRetryable(error: unknown): undefined {
  if (error instanceof Failure && error.class === 'retry') return undefined;
  throw error;
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
