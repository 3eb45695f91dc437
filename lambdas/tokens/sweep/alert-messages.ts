import { utc } from '../clock.ts';
import type { Connection } from '../connection.ts';
import type { AppIncident, WaitingLink } from '../dependencies.ts';

/** Connections that a message describes one by one. */
const NAMED = 20;

/** A message to people: nothing secret, no more than `status` shows. The subject is short ASCII, as SNS demands. */
export interface AlertMessage {
  subject: string;
  message: string;
}

/**
 * Returns the alert of connections that wait for a person.
 * @param links that were sent already
 */
export function reconnectMessage(items: Connection[], links: WaitingLink[] = []): AlertMessage {
  const untilOf = new Map(links.map(({ connection, until }) => [connection, until]));
  return {
    subject: `Zoom: connect ${named(items)} again`,
    message: paragraphs(
      items.length === 1
        ? 'A connection waits for a person, who must consent at Zoom again:'
        : `${items.length} connections wait for a person, who must consent at Zoom again:`,
      items,
      (item) => reconnectDetails(item, untilOf.get(item.connection)),
      'Nothing has to be changed in n8n. The runbook says more: "Reconnect needed". This alert comes again every day while a connection waits. Each day the connection is also tried once more, in case Zoom was wrong.',
    ),
  };
}

/** Returns the alert of connections of which n8n holds an expired token. */
export function expiredMessage(items: Connection[]): AlertMessage {
  return {
    subject: `Zoom: n8n holds an expired token of ${named(items)}`,
    message: paragraphs(
      items.length === 1
        ? "n8n's token of this connection has expired, so its Zoom nodes fail:"
        : `n8n's tokens of these ${items.length} connections have expired, so their Zoom nodes fail:`,
      items,
      (item) => details(item, `npx zoom-tokens status ${item.connection}`),
      'The sweeps go on trying. The runbook says more: "Token expired". This alert comes again every day, and a last one when the connection is well again.',
    ),
  };
}

/** Returns the message that connections are well again. n8n reads their tokens later, unless they were pushed. */
export function recoveredMessage(items: Connection[]): AlertMessage {
  const isPolled = items.some(({ place }) => place !== 'none');
  return {
    subject: `Zoom: ${named(items)} recovered`,
    message: paragraphs(
      items.length === 1
        ? 'This connection is well again, and has a valid token:'
        : `These ${items.length} connections are well again, and have valid tokens:`,
      items,
      (item) =>
        `${item.connection}\n  Token:        valid until ${utc(item.validUntil)}\n  In n8n:       ${arrival(item)}`,
      isPolled
        ? 'Nothing to do. n8n polls its external secrets every 5 minutes by default. Until then its Zoom nodes use the earlier token.'
        : 'Nothing to do.',
    ),
  };
}

/** Returns when n8n has the token that is published and pushed. */
function arrival({ place, targets = [] }: Connection): string {
  if (place === 'none') return targets.length > 0 ? 'now: it was pushed' : 'never: it is linked to none';
  return targets.length > 0
    ? 'now where it was pushed, else at the next poll'
    : 'at the next poll of its external secrets';
}

/** Returns the alert of an incident that is assumed for an app. */
export function incidentMessage({ app, since, refused, granted, gapSince }: AppIncident): AlertMessage {
  return {
    subject: `Zoom refuses most connections of the app ${app}`,
    message: [
      `Since ${utc(since)} Zoom refuses the refresh tokens of most connections of the app "${app}": in the last hour ${refused} were refused and ${granted} refreshes granted.`,
      ...(gapSince === undefined
        ? []
        : [
            `The sweep before ended ${utc(gapSince)}. If the table was restored from a backup, the refresh tokens in it were used up since then, and every connection of the app has to be connected again. The runbook says how: "Restored table".`,
          ]),
      'No connection is given up for two hours, and n8n keeps the tokens that it has. It may be an incident at Zoom (see status.zoom.us), or the app was removed or disabled (see the app in the Zoom App Marketplace). When the refusals end, everything recovers by itself. If they do not, each connection is named in an alert of its own.',
      'See which are concerned: npx zoom-tokens status',
    ].join('\n\n'),
  };
}

const named = (items: Connection[]): string =>
  items.length === 1 ? `"${items[0]?.connection}"` : `${items.length} connections`;

function paragraphs(
  head: string,
  items: Connection[],
  describe: (item: Connection) => string,
  end: string,
): string {
  const more = items.length - NAMED;
  return [
    head,
    ...items.slice(0, NAMED).map(describe),
    ...(more > 0 ? [`And ${more} more. All of them: npx zoom-tokens status`] : []),
    end,
  ].join('\n\n');
}

/** Adds the link that the connection's person has already, if there is one. */
function reconnectDetails(item: Connection, until: string | undefined): string {
  const text = details(item, `npx zoom-tokens connect ${item.connection}`);
  return until === undefined ? text : `${text}\n  Link:         one waits for its person until ${until}`;
}

function details({ connection, lastError, failingSince, validUntil }: Connection, command: string): string {
  const since = failingSince ?? lastError?.at;
  return [
    connection,
    `  Why:          ${lastError?.message ?? 'not noted'}`,
    `  Since:        ${since === undefined ? 'not noted' : utc(since)}`,
    `  n8n's token:  ${validUntil === 0 ? 'none yet' : `ends ${utc(validUntil)} at the latest`}`,
    `  Run:          ${command}`,
  ].join('\n');
}
