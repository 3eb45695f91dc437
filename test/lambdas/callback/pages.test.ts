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
const consent = { item, user: undefined, outcome, requested: 'main', forMe: true };
const TAGS = /<script>alert|<img/;

describe('text from outside is escaped', () => {
  test('in a message and in an action', () => {
    const { body = '' } = errorPage(new Failure('rejected', 'zoom_refused', HOSTILE, HOSTILE));
    expect(readPage(body).paragraphs).toEqual([HOSTILE, HOSTILE]);
    expect(body).not.toMatch(TAGS);
  });

  test("in a Zoom user's name", () => {
    const { body = '' } = connectedPage({ ...consent, user: { id: 'u', name: HOSTILE } });
    expect(body).toContain('<dd>&lt;script&gt;');
    expect(body).not.toMatch(TAGS);
  });
});

describe('the Zoom user on the page of a connection', () => {
  test.each([
    ['the name', { id: 'AdaLovelace', name: 'Ada' }, 'Ada'],
    ['the id without a name', { id: 'AdaLovelace' }, 'AdaLovelace'],
    ['that the user is unknown', undefined, 'unknown: the Zoom app has no scope for it'],
  ])('is shown as %s', (_, user, shown) => {
    expect(connectedPage({ ...consent, user }).body).toContain(`<dt>Zoom user</dt><dd>${shown}</dd>`);
  });
});

describe('the scopes on the page of a connection', () => {
  const bodyFor = (scope: string) => connectedPage({ ...consent, item: { ...item, scope } }).body;

  test('are listed if they are missing, with the operations of n8n that fail', () => {
    expect(bodyFor('user:read:user meeting:read')).toContain(
      'fail without their scopes: meeting:write:meeting (Meeting: Create), meeting:update:meeting (Meeting: Update), meeting:delete:meeting (Meeting: Delete).',
    );
  });

  test('are not mentioned if none is missing, or if Zoom named none', () => {
    expect(bodyFor('user:read meeting:read meeting:write')).not.toContain('scope that n8n');
    expect(connectedPage(consent).body).not.toContain('scope that n8n');
  });
});

test('the page of a retryable failure lets the browser wait 60 seconds unless Zoom gave a time', () => {
  const waiting = errorPage(new Failure('retry', 'zoom_unavailable', 'm', 'a'));
  expect(waiting).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '60' } });
});
