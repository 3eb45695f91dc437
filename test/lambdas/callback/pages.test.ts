import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { connectedPage } from '../../../lambdas/web/connected-page.ts';
import { errorPage } from '../../../lambdas/web/error-page.ts';
import { readPage } from '../../support/browser/read-page.ts';
import { HOSTILE } from '../../support/services/bad-input.ts';

const item: Connection = {
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'active',
  dueAt: 0,
  generation: 1,
  version: 1,
  publishedVersion: 1,
  sealedTokens: 'sealed',
  expiresAt: 1_900_000_000,
  validUntil: 1_900_000_000,
  consentedAt: 0,
  consentId: 'consent',
  rotatedAt: 0,
  failures: 0,
  overlap: 'unknown',
};
const outcome = { kind: 'settled', item, rotated: false, published: true } as const;
const consent = { item, user: undefined, outcome, requested: 'main' };
const TAGS = /<script>alert|<img/;

describe('text of others is shown as text', () => {
  test('what happened and what to do', () => {
    const { body = '' } = errorPage(new Failure('rejected', 'zoom_refused', HOSTILE, HOSTILE));
    expect(readPage(body).paragraphs).toEqual([HOSTILE, HOSTILE]);
    expect(body).not.toMatch(TAGS);
  });

  test("a Zoom user's name", () => {
    const { body = '' } = connectedPage({ ...consent, user: { id: 'u', name: HOSTILE } });
    expect(body).toContain('<dd>&lt;script&gt;');
    expect(body).not.toMatch(TAGS);
  });
});

describe('who consented', () => {
  test.each([
    ['the name', { id: 'AdaLovelace', name: 'Ada' }, 'Ada'],
    ['the id where there is no name', { id: 'AdaLovelace' }, 'AdaLovelace'],
    ['that it is not known', undefined, 'unknown: the Zoom app has no scope for it'],
  ])('the page tells %s', (_, user, shown) => {
    expect(connectedPage({ ...consent, user }).body).toContain(`<dt>Zoom user</dt><dd>${shown}</dd>`);
  });
});

test('the page asks a browser to wait where Zoom did not say how long', () => {
  const waiting = errorPage(new Failure('retry', 'zoom_unavailable', 'm', 'a'));
  expect(waiting).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '60' } });
});
