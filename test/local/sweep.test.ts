import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { shownEvents } from '../../local/page/shown-events.ts';
import { startLocalStack } from '../../local/stack.ts';
import { sweep } from '../../local/sweep.ts';

let clock: ReturnType<typeof manualClock>;
let stack: LocalStack;

beforeEach(async () => {
  clock = manualClock();
  stack = await startLocalStack({ now: clock.now, speed: 120, port: 0 });
});

afterEach(() => stack.close());

test('while the database throttles every write, each event says what did not happen and to which connection', async () => {
  await stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
  if (stack.zoom) stack.zoom.breakage.writesAreThrottled = true;
  clock.advance(50 * 60);
  await sweep(stack);
  const reason =
    'The function could not write the table of the connections: AWS throttles the requests of the account (ThrottlingException).';
  const failed = shownEvents(stack.journal.entries).filter(({ event }) => event === 'failed');
  expect(failed.map(({ title, paragraphs }) => [title, paragraphs[0]?.text])).toEqual([
    [
      'Failed',
      `The sweep of all connections failed. ${reason} What it left undone is due at the next one, within a minute.`,
    ],
    ['reports', `Nothing was done for the connection: its lease could not be taken. ${reason}`],
  ]);
});
