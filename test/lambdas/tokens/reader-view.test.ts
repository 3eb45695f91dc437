import { describe, expect, test } from '@jest/globals';
import { failureText, readerText, readerView, stateText } from '../../../lambdas/tokens/reader-view.ts';

const NOW = 1_900_000_000;
const time = (at: number) => `<${at - NOW}>`;
type Item = Parameters<typeof failureText>[0];
const item = (changed: Partial<Item> = {}): Item => ({
  status: 'active',
  validUntil: NOW + 600,
  dueAt: NOW + 60,
  ...changed,
});
const lastError = (code: 'suspect' | 'zoom_unavailable', message: string): Required<Item>['lastError'] => ({
  ...{ class: 'retry', code, message, action: 'Nothing to do.', at: NOW },
});

describe('what n8n holds', () => {
  test.each([
    { validUntil: NOW + 1, view: { n8nHolds: 'valid', until: NOW + 1 } },
    { validUntil: NOW, view: { n8nHolds: 'expired', since: NOW } },
    { validUntil: 0, view: { n8nHolds: 'nothing' } },
  ])('is $view.n8nHolds with a token that is valid until $validUntil', ({ validUntil, view }) => {
    expect(readerView(item({ validUntil }), NOW)).toEqual(view);
  });

  test('is nothing after a disconnection, whatever the item says', () => {
    expect(readerView(item({ status: 'disconnected' }), NOW)).toEqual({ n8nHolds: 'nothing' });
  });

  test.each([
    [NOW + 60, "n8n's token is valid until <60>."],
    [NOW - 60, "n8n's token expired at <-60>, so its Zoom nodes fail for an hour."],
    [0, 'n8n has no token yet.'],
  ])('until %i is said in a sentence', (validUntil, sentence) => {
    expect(readerText(item({ validUntil }), NOW, time, ' for an hour')).toBe(sentence);
  });
});

describe('the state of a connection', () => {
  test.each<[string, Partial<Item>]>([
    ['active', {}],
    ['suspect', { suspectSince: NOW }],
    ['token expired', { validUntil: NOW }],
    ['token expired', { validUntil: NOW, suspectSince: NOW }],
    ['no token yet', { validUntil: 0 }],
    ['reconnect', { status: 'reconnect', validUntil: 0 }],
    ['misconfigured', { status: 'misconfigured' }],
  ])('is "%s" with %j', (text, changed) => {
    expect(stateText(item(changed), NOW)).toBe(text);
  });
});

describe('the text about a connection whose steps fail', () => {
  test.each<[string, Partial<Item>]>([
    [
      "Zoom is down. Next retry at <60>. n8n's token is valid until <600>.",
      { lastError: lastError('zoom_unavailable', 'Zoom is down.') },
    ],
    ["The last step failed. Next retry at the next sweep. n8n's token is valid until <600>.", { dueAt: NOW }],
    [
      "Zoom refused the refresh token once; checked again at <60>. n8n's token is valid until <600>.",
      { suspectSince: NOW - 9, lastError: lastError('suspect', '…') },
    ],
    [
      "Zoom refused the refresh token 3 times; checked again at <60>. n8n's token expired at <0>, so its Zoom nodes fail until then.",
      { suspectSince: NOW - 9, refusals: 3, lastError: lastError('suspect', '…'), validUntil: NOW },
    ],
    [
      "Zoom is down. Next retry at <60>. n8n's token is valid until <600>.",
      { suspectSince: NOW - 9, lastError: lastError('zoom_unavailable', 'Zoom is down.') },
    ],
  ])('says: %s', (text, changed) => {
    expect(failureText(item(changed), NOW, time)).toBe(text);
  });
});
