import { expect } from '@jest/globals';
import type { Connection, Status } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { Consent, Lease, StepFailure } from '../../../lambdas/tokens/store/connections.ts';
import type { NewLink } from '../../../lambdas/tokens/store/links.ts';

export const NOW = 1_900_000_000;
export const HOUR = 3600;

/** Numbers the consents, so that each has its own id. */
let consents = 0;

export const consentOf = (connection: string, changed: Partial<Consent> = {}): Consent => ({
  connection,
  app: 'default',
  grantType: 'authorization_code',
  sealedTokens: `sealed for ${connection}`,
  consentId: `consent ${++consents}`,
  expiresAt: NOW + HOUR,
  consentedAt: NOW,
  overlap: 'unknown',
  ...changed,
});

export const linkOf = (id: string, changed: Partial<NewLink> = {}): NewLink => ({
  id,
  connection: 'main',
  app: 'default',
  replaceUser: false,
  forMe: false,
  keyId: 'a key',
  createdAt: NOW,
  expiresAt: NOW + 600,
  ...changed,
});

export const leaseOf = (owner: string, changed: Partial<Lease & { now: number; early: boolean }> = {}) => ({
  owner,
  now: NOW,
  until: NOW + 180,
  early: false,
  ...changed,
});

export const failure: StepFailure = {
  status: 'active',
  dueAt: NOW + 30,
  validUntil: 0,
  failures: 1,
  lastError: {
    class: 'retry',
    code: 'zoom_unavailable',
    message: 'Zoom has an outage.',
    action: 'Wait.',
    at: NOW,
  },
};

/** Ends a step of the connection as failed, with this status. */
export async function failInto(
  store: ConnectionStore,
  connection: string,
  status: Status,
  dueAt = NOW,
): Promise<void> {
  const held = (await store.lease(connection, leaseOf('me', { early: true }))) as Connection;
  expect(await store.fail(held, { ...failure, status, dueAt })).toBe(true);
}

/** The names of a page of what is due. */
export async function dueNames(
  store: ConnectionStore,
  status: Connection['status'],
  now: number,
  limit = 100,
): Promise<string[]> {
  const { entries } = await store.due(status, now, { limit });
  return entries.map(({ connection }) => connection);
}
