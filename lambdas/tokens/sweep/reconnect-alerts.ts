import pMap from 'p-map';
import { utc } from '../clock.ts';
import { type Connection, logContext } from '../connection.ts';
import type { SweepDependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';

/** A connection that waits for a person is told of again so often; seconds. */
export const REMINDER_SECONDS = 24 * 60 * 60;

const MOST_IN_A_MESSAGE = 100;
const AT_ONCE = 8;

/**
 * Tells of the connections that wait for a person: their next step is the alert, due when they turn to `reconnect`
 * and then once a day. Level-triggered as all else here: an alert that was not delivered stays due. Never rejects;
 * answers whether all were told.
 */
export async function alertReconnects({ store, alerts, now, log }: SweepDependencies): Promise<boolean> {
  try {
    const names = await store.due('reconnect', now(), MOST_IN_A_MESSAGE);
    if (names.length === 0) return true;
    const found = await pMap(names, (name) => store.get(name), { concurrency: AT_ONCE });
    // The index may lag behind a consent, or behind the last alert.
    const waiting = found.filter(
      (item): item is Connection => item?.status === 'reconnect' && item.dueAt <= now(),
    );
    if (waiting.length === 0) return true;
    await alerts.reconnectNeeded(waiting);
    await pMap(
      waiting,
      async (item) => {
        await store.snoozeAlert(item, now() + REMINDER_SECONDS);
        log.info('alerted', logContext(item));
      },
      { concurrency: AT_ONCE },
    );
    return names.length < MOST_IN_A_MESSAGE;
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    log.error(`No alert could be sent; the next sweep tries again. ${message}`, {
      class: failureClass,
      code,
    });
    return false;
  }
}

const NAMED = 20;

/** What the message says: nothing secret, no more than `status` shows. The subject is ASCII and short, as SNS demands. */
export function reconnectMessage(items: Connection[]): { subject: string; message: string } {
  const [first] = items;
  const isOne = items.length === 1;
  const more = items.length - NAMED;
  return {
    subject: isOne
      ? `Zoom: connect "${first?.connection}" again`
      : `Zoom: connect ${items.length} connections again`,
    message: [
      isOne
        ? 'A connection waits for a person, who must consent at Zoom again:'
        : `${items.length} connections wait for a person, who must consent at Zoom again:`,
      ...items.slice(0, NAMED).map(paragraph),
      ...(more > 0 ? [`And ${more} more. All of them: zoom-tokens status`] : []),
      'Nothing has to be changed in n8n. The runbook says more: "Reconnect needed". This comes again every day while a connection waits.',
    ].join('\n\n'),
  };
}

function paragraph({ connection, lastError, validUntil }: Connection): string {
  return [
    connection,
    `  Why:          ${lastError?.message ?? 'not noted'}`,
    `  Since:        ${lastError ? utc(lastError.at) : 'not noted'}`,
    `  n8n's token:  ${validUntil === 0 ? 'none yet' : `ends ${utc(validUntil)} at the latest`}`,
    `  Run:          zoom-tokens connect ${connection}`,
  ].join('\n');
}
