import { describe, expect, test } from '@jest/globals';
import { exitOf, remarks } from '../../../cli/connection/remarks.ts';
import { details, overview } from '../../../cli/connection/text.ts';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { N8N_OPERATIONS } from '../../../lambdas/tokens/n8n-scopes.ts';

const NOW = 1_800_000_000;
const DAYS = 24 * 3600;

const MAIN: ConnectionView = {
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'active',
  dueAt: NOW + 1800,
  generation: 1,
  version: 2,
  publishedVersion: 2,
  expiresAt: NOW + 3000,
  validUntil: NOW + 3000,
  consentedAt: NOW - 600,
  rotatedAt: NOW - 600,
  failures: 0,
  overlap: 'yes',
  secretName: 'n8n_zoom_main',
  expression: '{{ $secrets.aws.n8n_zoom_main }}',
};

describe('the 90 days of a refresh token', () => {
  test('a consent 80 days ago is worth a word, and nobody has to act', () => {
    const view = { ...MAIN, consentedAt: NOW - 80 * DAYS };
    expect(remarks(view, NOW)).toEqual([
      {
        exit: 0,
        message: expect.stringContaining('The consent is 80 d old.'),
        action: 'Consent again while it is early: zoom-tokens connect main.',
      },
    ]);
  });

  test.each([
    ['a fresh consent', 75],
    ['one that its rotations have carried past the 90 days', 91],
  ])('%s is not', (_, days) => {
    expect(remarks({ ...MAIN, consentedAt: NOW - days * DAYS }, NOW)).toEqual([]);
  });

  test('a refresh token of 76 days, which no rotation has replaced, needs somebody', () => {
    const view = { ...MAIN, rotatedAt: NOW - 76 * DAYS, consentedAt: NOW - 200 * DAYS };
    expect(remarks(view, NOW)).toMatchObject([{ exit: 1, message: expect.stringContaining('76 d old') }]);
  });

  test('a Server-to-Server connection has no refresh token', () => {
    const view: ConnectionView = { ...MAIN, grantType: 'account_credentials', consentedAt: NOW - 80 * DAYS };
    expect(remarks(view, NOW)).toEqual([]);
  });
});

describe('an earlier token that dies at a rotation', () => {
  const hit: ConnectionView = { ...MAIN, overlap: 'no' };

  test('leaves n8n with a dead one until it reads again: what closes the gap is said, and nobody has to act', () => {
    expect(remarks(hit, NOW)).toEqual([
      {
        exit: 0,
        message: expect.stringMatching(/n8n holds a dead one until it reads again: 5 min/),
        action: expect.stringMatching(/N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=30 .* zoom-tokens n8n link main/),
      },
    ]);
  });

  test('leaves none where the token is pushed', () => {
    const target = { instance: 'office', credentialId: 'c', pushedVersion: 2, failures: 0 };
    expect(remarks({ ...hit, targets: [target] }, NOW)).toEqual([]);
  });
});

describe('the scopes that Zoom granted', () => {
  const all = N8N_OPERATIONS.map(({ scope }) => scope).join(' ');

  test('are no matter where none is missing, or where Zoom named none', () => {
    for (const scope of [all, 'user:read meeting:read meeting:write'])
      expect(details({ ...MAIN, scope }, NOW)).toBe(details(MAIN, NOW));
    expect(details(MAIN, NOW)).not.toContain('scope');
  });

  test('that are missing are listed with the operations that fail, for one connection', () => {
    const view = { ...MAIN, scope: all.replace('meeting:delete:meeting', '') };
    expect(details(view, NOW)).toContain(
      'fail without their scopes: meeting:delete:meeting (Meeting: Delete).',
    );
    expect(details(view, NOW)).toContain('zoom-tokens connect main.');
    expect(overview([view], NOW)).not.toContain('scope');
    expect(exitOf([view], NOW)).toBe(0);
  });

  test('of a Server-to-Server app are those with :admin, and come with the next token', () => {
    const view: ConnectionView = { ...MAIN, grantType: 'account_credentials', scope: 'user:read:user:admin' };
    expect(details(view, NOW)).toContain('meeting:write:meeting:admin (Meeting: Create)');
    expect(details(view, NOW)).toContain('zoom-tokens rotate main.');
  });
});

describe('two connections of one Zoom user', () => {
  const ada = { ...MAIN, zoomUserId: 'ada' };
  const second = { ...ada, connection: 'second', consentedAt: NOW - 60 };

  test('are named, with the older one to disconnect', () => {
    expect(overview([ada, second], NOW)).toMatch(
      /! "main" and "second" were connected by the same Zoom user\..*\n {2}Disconnect the other: zoom-tokens disconnect main\.$/,
    );
  });

  test.each<[string, Partial<ConnectionView>]>([
    ['of another app', { app: 'reports' }],
    ['of another user', { zoomUserId: 'grace' }],
    ['that is disconnected', { status: 'disconnected' }],
  ])('are no matter with one %s', (_, changed) => {
    expect(overview([ada, { ...second, ...changed }], NOW)).not.toContain('same Zoom user');
  });

  test('whose users are not known are no matter', () => {
    expect(overview([MAIN, { ...MAIN, connection: 'second' }], NOW)).not.toContain('same Zoom user');
  });
});

test('a lost consent outweighs a broken app, and that the rest', () => {
  const late: ConnectionView = { ...MAIN, validUntil: NOW - 1 };
  const broken: ConnectionView = { ...MAIN, status: 'misconfigured' };
  const lost: ConnectionView = { ...MAIN, status: 'reconnect' };
  expect(exitOf([MAIN], NOW)).toBe(0);
  expect(exitOf([MAIN, late], NOW)).toBe(1);
  expect(exitOf([late, broken], NOW)).toBe(4);
  expect(exitOf([late, broken, lost], NOW)).toBe(3);
});

describe('the overview', () => {
  const widest: ConnectionView = {
    ...MAIN,
    connection: 'a'.repeat(40),
    status: 'misconfigured',
    validUntil: NOW + 119 * 60,
    dueAt: NOW + 119 * 60,
    rotatedAt: NOW - 119 * 60,
    consentedAt: NOW - 119 * 60,
  };
  const rows = (text: string) => text.split('\n\n')[0]?.split('\n') ?? [];

  test('fits 80 columns: a long name is broken, and nothing of it is lost', () => {
    const table = rows(overview([widest], NOW, 80));
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(table.join('').match(/a{5,}/g)?.join('')).toBe('a'.repeat(40));
  });

  test('keeps a name whole in a pipe', () => {
    expect(rows(overview([widest], NOW))).toHaveLength(2);
  });

  test('shows a token that has ended', () => {
    expect(rows(overview([{ ...MAIN, validUntil: NOW }], NOW))[1]).toContain('  ended  ');
  });
});

describe('an n8n that is told each new token', () => {
  const target = { instance: 'cloud', credentialId: 'k3J', pushedVersion: 1, failures: 0 };
  const lastError = {
    class: 'misconfigured',
    code: 'x',
    message: 'It refuses the key.',
    action: 'Link.',
    at: 0,
  };
  const pushed = (changes: object): ConnectionView =>
    Object.assign({ ...MAIN }, { targets: [{ ...target, ...changes }] });

  test('is shown with the version that it has', () => {
    expect(details(pushed({}), NOW)).toMatch(
      /^Pushed to +n8n "cloud", credential k3J, which has version 1$/m,
    );
    expect(details(pushed({ pushedVersion: 2 }), NOW)).toMatch(/which has this version$/m);
  });

  test('that takes none needs somebody', () => {
    expect(remarks(pushed({ failures: 3, lastError }), NOW)).toEqual([
      { exit: 4, message: 'The n8n "cloud" does not take its token: It refuses the key.', action: 'Link.' },
    ]);
  });
});
