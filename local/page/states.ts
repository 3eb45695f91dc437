import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { LocalStack } from '../local-stack.ts';
import { HEADERS } from './responses.ts';
import type { Query } from './selection.ts';
import { stateOf } from './state.ts';

const MILLISECONDS_BETWEEN_STATES = 1000;
/** A sweep of a thousand connections writes dozens of entries a second to the journal. */
const LEAST_PAUSE_MILLISECONDS = 100;
/** After one state that took long, the page must not stand still. */
const LONGEST_PAUSE_MILLISECONDS = 3000;

/** Sends the state as server-sent events: at once, at every entry of the journal, and every second. */
export function sendStates(stack: LocalStack, query: Query, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  let isOutdated = false;
  let isSending = false;
  const sendState = async () => {
    isOutdated = true;
    if (isSending) return;
    isSending = true;
    try {
      while (isOutdated) {
        isOutdated = false;
        const start = performance.now();
        const state = JSON.stringify(await stateOf(stack, query));
        if (!response.destroyed) response.write(`data: ${state}\n\n`);
        await setTimeout(pauseAfter(performance.now() - start));
      }
    } catch {
      // The stack is being closed. The browser reconnects by itself.
      response.destroy();
    } finally {
      isSending = false;
    }
  };
  const timer = setInterval(sendState, MILLISECONDS_BETWEEN_STATES);
  const stopListening = stack.journal.listen(sendState);
  response.on('close', () => {
    clearInterval(timer);
    stopListening();
  });
  void sendState();
}

/**
 * Returns how long to wait after a state that took so many milliseconds to make. Three quarters of the time are left for the
 * functions, which run in this process too.
 */
export const pauseAfter = (milliseconds: number): number =>
  Math.min(Math.max(LEAST_PAUSE_MILLISECONDS, 3 * milliseconds), LONGEST_PAUSE_MILLISECONDS);
