import { expect, test } from '@jest/globals';
import { shownEvents } from '../../../local/page/shown-events.ts';

const AT = 1_800_000_000;
const plain = (text: string) => [{ text, facts: [] }];

test('a renewal and its publication are one event', () => {
  const of = { at: AT, connection: 'main', version: 2 };
  const events = shownEvents([
    { event: 'rotated', ...of },
    { event: 'published', ...of },
  ]);
  expect(events).toEqual([
    {
      event: 'rotated',
      at: AT,
      title: 'main renewed',
      paragraphs: plain('Zoom issued token no. 2. n8n can read it.'),
    },
  ]);
});

test('a token that is not published yet says so', () => {
  const [event] = shownEvents([{ event: 'rotated', at: AT, connection: 'main', version: 2 }]);
  expect(event?.paragraphs).toEqual(plain('Zoom issued token no. 2. n8n cannot read it yet.'));
});

test('a token of a connection without a secret does not wait to be read', () => {
  const entries = [{ event: 'connected', at: AT, connection: 'pushed', version: 1 }];
  const [event] = shownEvents(entries, new Set(['pushed']));
  expect(event?.paragraphs).toEqual(
    plain('Zoom issued token no. 1. It is in no secret: n8n gets it by a push alone.'),
  );
});

test('a fault that the user caused says so, also for one connection', () => {
  const fault = { at: AT, connection: 'main', message: 'Zoom renews no token of “main” any more.' };
  expect(shownEvents([{ event: 'broken', ...fault }])).toEqual([
    { event: 'broken', at: AT, title: 'Broken by you', paragraphs: plain(fault.message) },
  ]);
});

const failure = { event: 'failed', at: AT, connection: 'main', version: 2, message: 'Zoom is down.' };

test.each<[string, { event: string }[], object, string]>([
  ['before the renewal names it', [], { failures: 1 }, 'main not renewed'],
  [
    'after the renewal names the publication',
    [{ event: 'rotated' }],
    { failures: 1 },
    'main not handed to n8n',
  ],
  [
    'of the renewal after a publication names the renewal',
    [{ event: 'rotated' }, { event: 'published' }],
    { failures: 1 },
    'main not renewed',
  ],
  ['that is none of a step names the connection alone', [], {}, 'main'],
  ['of no connection is no renewal', [], { connection: undefined }, 'Failed'],
])('the title of a failure %s', (_, before, details, title) => {
  const of = { at: AT, connection: 'main', version: 2 };
  const events = shownEvents([...before.map((entry) => ({ ...of, ...entry })), { ...failure, ...details }]);
  expect(events[0]).toMatchObject({ title, paragraphs: plain('Zoom is down.') });
});

test('a request that is audited is no event beside what it changes', () => {
  expect(shownEvents([{ event: 'audit', at: AT, connection: 'main', action: 'rotate' }])).toEqual([]);
});

test('another connection’s publication does not count', () => {
  const events = shownEvents([
    { event: 'rotated', at: AT, connection: 'main', version: 2 },
    { event: 'published', at: AT, connection: 'reports', version: 2 },
  ]);
  expect(events.map(({ title }) => title)).toEqual(['reports handed to n8n', 'main renewed']);
});

test('an alert is a text with the facts of each connection, and is shown once', () => {
  const text = [
    'A connection waits for a person:',
    'main\n  Why:          Zoom said: no.\n  Run:          npx zoom-tokens connect main',
    'Nothing to do.',
  ].join('\n\n');
  const events = shownEvents([
    { event: 'alert', at: AT, message: 'Zoom: connect "main" again', text },
    { event: 'alerted', at: AT, connection: 'main' },
  ]);
  expect(events).toEqual([
    {
      event: 'alert',
      at: AT,
      title: 'Alert: Zoom: connect “main” again',
      paragraphs: [
        { text: 'A connection waits for a person:', facts: [] },
        {
          text: 'main',
          facts: [
            { term: 'Why', description: 'Zoom said: no.' },
            { term: 'Run', description: 'npx zoom-tokens connect main' },
          ],
        },
        { text: 'Nothing to do.', facts: [] },
      ],
    },
  ]);
});

test.each([
  ['yes', 'Zoom lets the earlier token live on after a renewal, so renewals may come early.'],
  ['no', 'Zoom ends the earlier token at a renewal, so renewals come late.'],
])('the measured overlap %s is unfolded', (overlap, text) => {
  const [event] = shownEvents([{ event: 'overlap changed', at: AT, connection: 'main', overlap }]);
  expect(event).toMatchObject({ title: 'main measured', paragraphs: plain(text) });
});

test('the latest twenty events are shown, the newest first', () => {
  const entries = Array.from({ length: 25 }, (_, index) => ({ event: 'failed', at: AT + index }));
  expect(shownEvents(entries).map(({ at }) => at - AT)).toEqual(Array.from({ length: 20 }, (_, i) => 24 - i));
});
