import { beforeEach, expect, test } from '@jest/globals';
import { withPair } from '../../../../lambdas/aws/table/token-pairs.ts';
import type { Connection } from '../../../../lambdas/tokens/connection.ts';
import { consentOf, leaseOf, NOW } from '../../../support/store-contract/values.ts';
import { MemoryStore } from '../../../support/world/memory-store.ts';

// The tokens of a connection are in an item of their own. These tests let others run between the requests of the two.

let store: MemoryStore;
/** Functions that run after the request with that number. */
let after: Map<number, () => Promise<unknown>>;
let isNested: boolean;
let requests: number;

/** Counts the requests from now on. */
function watch(happens: [number, () => Promise<unknown>][]): void {
  requests = 0;
  after = new Map(happens);
}

beforeEach(async () => {
  store = new MemoryStore();
  isNested = false;
  watch([]);
  store.request = async (perform) => {
    const response = perform();
    if (isNested) return response;
    requests += 1;
    isNested = true;
    try {
      await after.get(requests)?.();
    } finally {
      isNested = false;
    }
    return response;
  };
  await store.commitConsent(consentOf('main', { sealedTokens: 'first' }), 0);
  await endStep();
});

/** Makes a step without a rotation, whose end moves the tokens to their own item. */
async function endStep(): Promise<void> {
  const held = (await store.lease('main', leaseOf('a step', { early: true }))) as Connection;
  await store.settle(held, { validUntil: NOW + 3600, dueAt: NOW + 3000, overlap: 'unknown' });
}

const consent = async () => {
  await store.commitConsent(consentOf('main', { sealedTokens: 'second' }), 1);
  await endStep();
};
const down = () => Promise.reject(new Error('DynamoDB is down'));

test('a reader never joins a connection with the tokens of another consent that came meanwhile', async () => {
  watch([[1, consent]]);
  expect(await store.get('main')).toMatchObject({ generation: 2, version: 2, sealedTokens: 'second' });
});

test('tokens of an earlier generation never take the place of a consent’s, whatever their version is', () => {
  const item = { connection: 'main', status: 'active', generation: 2, version: 2, sealedTokens: 'new' };
  const pair = { generation: 1, version: 3, sealedTokens: 'old' };
  expect(withPair(item, pair)).toMatchObject({ version: 2, sealedTokens: 'new' });
});

test('a lease whose tokens could not be read is released, and what an earlier step left stays known', async () => {
  watch([[2, down]]);
  await expect(store.lease('main', leaseOf('me', { early: true }))).rejects.toThrow('DynamoDB is down');
  watch([]);
  const item = await store.get('main');
  expect(item?.leaseOwner).toBeUndefined();
  expect(item?.askedAt).toBeUndefined();

  await store.lease('main', leaseOf('killed', { early: true }));
  watch([[2, down]]);
  const later = leaseOf('me', { now: NOW + 200, until: NOW + 380, early: true });
  await expect(store.lease('main', later)).rejects.toThrow('DynamoDB is down');
  watch([]);
  expect(await store.get('main')).toMatchObject({ askedAt: NOW });
});

test('a rotation that a killed step stored is seen by the next lease, and what that step asked for is settled', async () => {
  const held = (await store.lease('main', leaseOf('killed', { early: true }))) as Connection;
  const rotation = { sealedTokens: 'rotated', expiresAt: NOW + 7200, rotatedAt: NOW + 60 };
  await store.commitRotation(held, rotation, { isRoutine: true });
  const lease = leaseOf('me', { now: NOW + 200, until: NOW + 380, early: true });
  expect(await store.lease('main', lease)).toMatchObject({
    ...{ version: 2, sealedTokens: 'rotated', askedAt: NOW + 200 },
  });
});

test('a routine rotation that is sent after another function took the lease is stored nowhere but in the item', async () => {
  const held = (await store.lease('main', leaseOf('slow', { early: true }))) as Connection;
  const lease = leaseOf('me', { now: NOW + 200, until: NOW + 380, early: true });
  await store.lease('main', lease);
  const rotation = { sealedTokens: 'rotated', expiresAt: NOW + 7200, rotatedAt: NOW + 60 };
  watch([]);
  const stored = await store.commitRotation(held, rotation, { isRoutine: true });
  // The pair is closed, so that the connection's item decides.
  expect(requests).toBe(3);
  expect(stored).toMatchObject({ version: 2, sealedTokens: 'rotated' });
});
