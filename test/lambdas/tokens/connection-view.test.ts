import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { toView } from '../../../lambdas/tokens/connection-view.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../lambdas/tokens/schedule.ts';

const NOW = 1_900_000_000;
const DEPS = { margins: DEFAULT_MARGINS };
const SHOWN = {
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'disconnected',
  dueAt: NOW,
  generation: 2,
  version: 3,
  publishedVersion: 3,
  expiresAt: NOW + 3600,
  validUntil: NOW + 3600,
  consentedAt: NOW - 7200,
  rotatedAt: NOW,
  failures: 1,
  lastError: { class: 'retry', code: 'zoom_unavailable', message: 'Why.', action: 'Wait.', at: NOW },
  suspectSince: NOW - 300,
  refusals: 2,
  zoomUserId: 'ada',
  zoomAccountId: 'engine',
  overlap: 'no',
  targets: [{ instance: 'office', credentialId: 'c1', pushedVersion: 3, failures: 0 }],
  disconnectedAt: NOW,
  revokedAt: NOW,
  secretDeletedAt: NOW + 7 * 86_400,
} as const;
const HIDDEN = {
  sealedTokens: 'sealed tokens',
  consentId: 'a consent',
  leaseOwner: 'a function',
  leaseUntil: NOW + 180,
};
const n8n = { secretName: 'n8n_zoom_main', expression: '{{ $secrets.aws.n8n_zoom_main }}' };

describe('the view of a connection', () => {
  test('shows each listed attribute, and the names to type into n8n', () => {
    const item: Connection = { ...SHOWN, ...HIDDEN, targets: [...SHOWN.targets], status: 'reconnect' };
    expect(toView(item, DEPS)).toEqual({ ...SHOWN, ...n8n, status: 'reconnect' });
  });

  test.each<[string, Partial<Connection>]>([
    ['disconnected', {}],
    ['disconnected and was a member of a bundle', { place: 'bundle_sales' }],
    ['only pushed', { status: 'active', place: 'none' }],
  ])('has no secret and no expression where the connection is %s', (_, change) => {
    const view = toView({ ...SHOWN, ...HIDDEN, targets: [], ...change }, DEPS);
    expect(view).not.toHaveProperty('secretName');
    expect(view).not.toHaveProperty('expression');
  });

  test('does not show an attribute that the list does not name, such as one that a later version stores', () => {
    const item: Connection = { ...SHOWN, ...HIDDEN, targets: [...SHOWN.targets] };
    const view = toView({ ...item, accessToken: 'a secret of a later version' } as Connection, DEPS);
    expect(view).not.toHaveProperty('accessToken');
    expect(JSON.stringify(view)).not.toMatch(/a secret of a later version|sealed tokens/);
  });

  test('leaves out an attribute that the connection does not have', () => {
    const { zoomUserId: _, revokedAt: __, ...rest } = SHOWN;
    const view = toView(
      { ...rest, ...HIDDEN, targets: [], revokedAt: undefined } as unknown as Connection,
      DEPS,
    );
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['zoomUserId']));
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['revokedAt']));
  });

  describe('says when the token is to be replaced', () => {
    const {
      disconnectedAt: _,
      revokedAt: __,
      suspectSince: ___,
      refusals: ____,
      lastError: _____,
      ...rest
    } = SHOWN;
    const well = { ...rest, ...HIDDEN, status: 'active', failures: 0, targets: [] } as Connection;
    const nextRotationAt = rotateAt(well, DEFAULT_MARGINS);

    test('where another step is due before, such as a measurement a minute after the rotation', () => {
      const view = toView({ ...well, dueAt: NOW + 60, measureAt: NOW + 60 }, DEPS);
      expect(view).toMatchObject({ dueAt: NOW + 60, nextRotationAt });
    });

    test.each<[string, Partial<Connection>]>([
      ['that is due itself', { dueAt: nextRotationAt }],
      ['whose last attempt has failed', { dueAt: NOW + 60, failures: 1 }],
      ['that Zoom has refused', { dueAt: NOW + 60, suspectSince: NOW }],
      ['whose token is not published yet', { dueAt: NOW + 60, version: 4 }],
      ['that waits for a person', { dueAt: NOW + 60, status: 'reconnect' }],
    ])('in dueAt alone for a connection %s', (_, change) => {
      expect(toView({ ...well, ...change }, DEPS)).not.toHaveProperty('nextRotationAt');
    });
  });
});
