import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { toView } from '../../../lambdas/tokens/connection-view.ts';

const NOW = 1_900_000_000;
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
    const item: Connection = { ...SHOWN, ...HIDDEN, targets: [...SHOWN.targets] };
    expect(toView(item)).toEqual({ ...SHOWN, ...n8n });
  });

  test('does not show an attribute that the list does not name, such as one that a later version stores', () => {
    const item: Connection = { ...SHOWN, ...HIDDEN, targets: [...SHOWN.targets] };
    const view = toView({ ...item, accessToken: 'a secret of a later version' } as Connection);
    expect(view).not.toHaveProperty('accessToken');
    expect(JSON.stringify(view)).not.toMatch(/a secret of a later version|sealed tokens/);
  });

  test('leaves out an attribute that the connection does not have', () => {
    const { zoomUserId: _, revokedAt: __, ...rest } = SHOWN;
    const view = toView({ ...rest, ...HIDDEN, targets: [], revokedAt: undefined } as unknown as Connection);
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['zoomUserId']));
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['revokedAt']));
  });
});
