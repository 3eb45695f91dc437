import { expect, test } from '@jest/globals';
import { parseStartRequest } from '../../../../lambdas/tokens/start/start-request.ts';

test.each([
  [
    'of the schedule',
    { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: '{}' },
  ],
  ['without anything', {}],
  ['of a hand', null],
])('an event %s is no request: it starts a sweep', (_, event) => {
  expect(parseStartRequest(event)).toBeUndefined();
});

test('a request names one connection', () => {
  const request = { start: 'connection', connection: 'main' };
  expect(parseStartRequest(request)).toEqual(request);
});

test.each([
  { start: 'everything' },
  { start: 'connection' },
  { start: 'connection', connection: 'app#default' },
  { start: 'connection', connection: ['main'] },
  { start: 'connection', connection: 'main', early: true },
])('%j is refused, and starts no sweep either', (event) => {
  expect(() => parseStartRequest(event)).toThrow(expect.objectContaining({ code: 'bad_request' }));
});
