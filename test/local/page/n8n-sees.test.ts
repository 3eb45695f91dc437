import { expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { n8nSees } from '../../../local/page/n8n-sees.ts';

const NOW = 1_800_000_000;
const MINUTES = 60;

const connection = (fields: Partial<ConnectionView> = {}): ConnectionView => ({
  connection: 'main',
  app: 'default',
  grantType: 'authorization_code',
  status: 'active',
  dueAt: NOW + 20 * MINUTES,
  generation: 1,
  version: 1,
  publishedVersion: 1,
  expiresAt: NOW + 31 * MINUTES,
  validUntil: NOW + 31 * MINUTES,
  consentedAt: NOW,
  rotatedAt: NOW,
  failures: 0,
  overlap: 'unknown',
  secretName: 'n8n_zoom_main',
  expression: '{{ $secrets.aws.n8n_zoom_main }}',
  ...fields,
});

const lastError = {
  code: 'http_503',
  class: 'retry',
  message: 'Zoom is unavailable.',
  action: '',
  at: NOW,
} as unknown as NonNullable<ConnectionView['lastError']>;

const pushOnly: Partial<ConnectionView> = { place: 'none' };
const target = { instance: 'home' } as NonNullable<ConnectionView['targets']>[number];

test.each<[string, Partial<ConnectionView>, number | undefined, string, string]>([
  ['a token that works and will be renewed', {}, 200, 'good', 'Works, 31 min left'],
  ['a failing renewal', { lastError }, 200, 'warn', 'Runs out in 31 min'],
  ['a connection that waits for a person', { status: 'reconnect' }, 200, 'warn', 'Runs out in 31 min'],
  ['a refused request', {}, 401, 'bad', 'Zoom refuses n8n’s request'],
  ['an outage of Zoom', {}, 503, 'warn', 'n8n’s last call failed: 503; token good for 31 min'],
  ['a rate limit at Zoom', {}, 429, 'warn', 'n8n’s last call failed: 429; token good for 31 min'],
  ['a Zoom that is silent', {}, 0, 'warn', 'n8n’s last call got no response; token good for 31 min'],
  [
    'an outage of Zoom in which renewals fail',
    { lastError },
    503,
    'warn',
    'n8n’s last call failed: 503; token runs out in 31 min',
  ],
  ['an expired token', { validUntil: NOW - 12 * MINUTES }, 200, 'bad', 'Expired 12 min ago'],
  ['an active connection without a token', { validUntil: 0 }, undefined, 'bad', 'No token yet'],
  ['a connection that is only pushed, to no n8n', pushOnly, undefined, 'warn', 'Reaches no n8n'],
  [
    'a connection that is only pushed, to an n8n',
    { ...pushOnly, targets: [target] },
    undefined,
    'good',
    'Works, 31 min left',
  ],
  ['a disconnected connection', { status: 'disconnected' }, 401, 'off', 'Disconnected'],
])('the state of %s says what n8n sees', (_, fields, lastStatus, tone, text) => {
  expect(n8nSees(connection(fields), NOW, lastStatus)).toEqual({ tone, text });
});
