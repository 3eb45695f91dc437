import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore, Cursor } from '../../../lambdas/tokens/store.ts';
import { consentOf, dueNames, failInto, failure, leaseOf, NOW } from './values.ts';

export function describeQueries(opened: () => ConnectionStore): void {
  const connected = (connection: string, dueAt = NOW) =>
    opened().commitConsent(consentOf(connection, { consentedAt: dueAt }), 0);
  const publish = async (connection: string, validUntil: number) => {
    const held = (await opened().lease(connection, leaseOf('me', { early: true }))) as Connection;
    await opened().settle(held, { validUntil, dueAt: NOW });
  };

  describe('the notes of the sweeps', () => {
    const health = { checkedAt: NOW, leastValidUntil: NOW + 50, reconnect: 2, misconfigured: 1 };

    test('before the first sweep there is none, and then the last one counts', async () => {
      expect(await opened().sweptAt()).toBeUndefined();
      await opened().recordHealthCheck(NOW, health);
      await opened().recordHealthCheck(NOW + 60, health);
      expect(await opened().sweptAt()).toBe(NOW + 60);
    });

    test('a health check that is young enough is reused, and the end of the sweep recorded', async () => {
      expect(await opened().reuseHealthCheck(NOW, { checkedAfter: NOW - 1 })).toBeUndefined();
      await opened().recordHealthCheck(NOW, health);
      expect(await opened().reuseHealthCheck(NOW + 60, { checkedAfter: NOW })).toBeUndefined();
      expect(await opened().sweptAt()).toBe(NOW);
      expect(await opened().reuseHealthCheck(NOW + 60, { checkedAfter: NOW - 1 })).toMatchObject(health);
      expect(await opened().sweptAt()).toBe(NOW + 60);
      expect(await opened().reuseHealthCheck(NOW + 120, { checkedAfter: NOW - 1 })).toMatchObject(health);
    });

    test('a sweep that changed connections corrects the health check and lets the next sweep check', async () => {
      await opened().recordHealthCheck(NOW, health);
      const changed = { checkedAfter: NOW - 1, leastValidUntil: null };
      const corrected = { ...health, leastValidUntil: null, checkedAt: 0 };
      expect(await opened().reuseHealthCheck(NOW + 60, changed)).toMatchObject(corrected);
      expect(await opened().reuseHealthCheck(NOW + 120, { checkedAfter: NOW - 1 })).toBeUndefined();
    });

    test('an expired health check is not reused', async () => {
      await opened().recordHealthCheck(NOW, health);
      await opened().expireHealthCheck();
      expect(await opened().reuseHealthCheck(NOW + 60, { checkedAfter: NOW - 1 })).toBeUndefined();
      expect(await opened().sweptAt()).toBe(NOW);
    });

    test('they are no connection', async () => {
      await opened().recordHealthCheck(NOW, health);
      expect(await opened().list()).toEqual([]);
      expect(await dueNames(opened(), 'active', NOW + 60, 100)).toEqual([]);
    });
  });

  describe('who is due', () => {
    test('is told by name, the most urgent first', async () => {
      for (const [name, dueAt] of [
        ['late', NOW - 9],
        ['now', NOW],
        ['latest', NOW - 99],
      ] as const) {
        await connected(name, dueAt);
      }
      await connected('later', NOW + 1);
      expect(await dueNames(opened(), 'active', NOW, 100)).toEqual(['latest', 'late', 'now']);
    });

    test('is told up to a limit', async () => {
      for (const [index, name] of ['c', 'a', 'b'].entries()) await connected(name, NOW - index);
      expect(await dueNames(opened(), 'active', NOW, 2)).toEqual(['b', 'a']);
    });

    test('is told for one status', async () => {
      await connected('well');
      await connected('broken');
      await failInto(opened(), 'broken', 'misconfigured', NOW - 1);
      expect(await dueNames(opened(), 'active', NOW, 100)).toEqual(['well']);
      expect(await dueNames(opened(), 'misconfigured', NOW, 100)).toEqual(['broken']);
      expect(await dueNames(opened(), 'reconnect', NOW, 100)).toEqual([]);
    });

    test('comes page by page, each where the one before ended', async () => {
      for (const [index, name] of ['c', 'a', 'b', 'e', 'd'].entries()) await connected(name, NOW - index);
      const names: string[] = [];
      let after: Cursor | undefined;
      do {
        const page = await opened().due('active', NOW, { limit: 2, after });
        names.push(...page.entries.map(({ connection }) => connection));
        after = page.next;
      } while (after);
      expect(names).toEqual(['d', 'e', 'b', 'a', 'c']);
    });

    test('comes with the app, the end of the published token and since when it is a suspect', async () => {
      await connected('well', NOW - 1);
      await publish('well', NOW + 50);
      await connected('refused', NOW - 2);
      const held = (await opened().lease('refused', leaseOf('me', { early: true }))) as Connection;
      await opened().fail(held, { ...failure, dueAt: NOW, suspectSince: NOW - 9, refusals: 1 });
      const { entries } = await opened().due('active', NOW, { limit: 100 });
      const shared = { app: 'default', status: 'active', dueAt: NOW };
      expect(entries.toSorted((a, b) => a.validUntil - b.validUntil)).toEqual([
        { ...shared, connection: 'refused', validUntil: 0, suspectSince: NOW - 9 },
        { ...shared, connection: 'well', validUntil: NOW + 50 },
      ]);
    });

    test('does not depend on a lease: the lease itself decides', async () => {
      await connected('main');
      await opened().lease('main', leaseOf('me'));
      expect(await dueNames(opened(), 'active', NOW, 100)).toEqual(['main']);
    });
  });

  describe('the connections whose published token has expired', () => {
    test('come with their last alert, the oldest first, page by page', async () => {
      const shared = { app: 'default', status: 'active' };
      for (const [name, validUntil] of [
        ['later', NOW - 1],
        ['first', NOW - 9],
        ['living', NOW],
      ] as const) {
        await connected(name);
        await publish(name, validUntil);
      }
      await opened().noteAlert((await opened().get('first')) as Connection, NOW - 5);
      const { entries, next } = await opened().expired('active', NOW, { limit: 1 });
      expect(entries).toEqual([{ ...shared, connection: 'first', validUntil: NOW - 9, alertedAt: NOW - 5 }]);
      const rest = await opened().expired('active', NOW, { limit: 2, after: next });
      expect(rest.entries).toEqual([{ ...shared, connection: 'later', validUntil: NOW - 1 }]);
    });
  });

  describe("an app's health", () => {
    const health = { revision: 1, buckets: [{ from: NOW, refused: 1, granted: 2 }], incidentSince: NOW };

    test('is unknown at first, and then as it was stored', async () => {
      expect(await opened().appHealth('default')).toBeUndefined();
      expect(await opened().putAppHealth('default', health)).toBe(true);
      expect(await opened().appHealth('default')).toEqual(health);
      expect(await opened().appHealth('reports')).toBeUndefined();
    });

    test('is replaced by the writer alone who has seen the revision before', async () => {
      await opened().putAppHealth('default', health);
      expect(await opened().putAppHealth('default', { ...health, buckets: [] })).toBe(false);
      const next = { revision: 2, buckets: [] };
      expect(await opened().putAppHealth('default', next)).toBe(true);
      expect(await opened().appHealth('default')).toEqual(next);
    });

    test('is no connection', async () => {
      await opened().putAppHealth('default', health);
      expect(await opened().list()).toEqual([]);
    });
  });

  test('how many connections are in a status', async () => {
    for (const name of ['one', 'two', 'three']) await connected(name);
    await failInto(opened(), 'two', 'reconnect');
    expect(await opened().count('active', 100)).toBe(2);
    expect(await opened().count('reconnect', 100)).toBe(1);
    expect(await opened().count('disconnected', 100)).toBe(0);
    expect(await opened().count('active', 1)).toBe(1);
  });

  describe('what n8n loses first', () => {
    test('is the least of the active connections', async () => {
      for (const [name, validUntil] of [
        ['one', NOW + 50],
        ['two', NOW + 20],
        ['three', NOW + 90],
      ] as const) {
        await connected(name);
        await publish(name, validUntil);
      }
      expect(await opened().leastValidUntil()).toBe(NOW + 20);
      await failInto(opened(), 'two', 'reconnect');
      expect(await opened().leastValidUntil()).toBe(NOW + 50);
    });

    test('is 0 while a connection is not published yet', async () => {
      await connected('main');
      expect(await opened().leastValidUntil()).toBe(0);
    });

    test('is nothing where nothing is active', async () => {
      expect(await opened().leastValidUntil()).toBeNull();
    });
  });

  test('the list holds every connection and nothing else: no ticket, no claimed user', async () => {
    const items = [await connected('one'), await connected('two')];
    await opened().redeem('a ticket', NOW + 600);
    await opened().claimUser('default', 'ada', 'one', { now: NOW, until: NOW + 60 });
    const list = await opened().list();
    expect(list.sort((a, b) => a.connection.localeCompare(b.connection))).toEqual(items);
  });

  test('an unknown connection is undefined', async () => {
    expect(await opened().get('nobody')).toBeUndefined();
  });

  describe('a one-time id', () => {
    test('is used once', async () => {
      expect(await opened().redeem('ticket', NOW + 600)).toBe(true);
      expect(await opened().redeem('ticket', NOW + 600)).toBe(false);
      expect(await opened().redeem('another ticket', NOW + 600)).toBe(true);
    });

    test('is used by one alone of many who try at once', async () => {
      const tries = Array.from({ length: 8 }, () => opened().redeem('ticket', NOW + 600));
      expect((await Promise.all(tries)).filter((used) => used)).toHaveLength(1);
    });
  });

  describe('a Zoom user', () => {
    const living = (connection: string, app = 'default') =>
      opened().commitConsent(consentOf(connection, { app, zoomUserId: 'ada' }), 0);
    const claim = (connection: string, app = 'default', now = NOW) =>
      opened().claimUser(app, 'ada', connection, { now, until: now + 60 });
    const holder = (now = NOW) => opened().holderOf('default', 'ada', now);

    test('who is free is claimed', async () => {
      expect(await claim('one')).toBe('one');
    });

    test('who is mine stays mine', async () => {
      await claim('one');
      expect(await claim('one')).toBe('one');
      await living('one');
      expect(await claim('one')).toBe('one');
    });

    test('who is connected elsewhere stays there', async () => {
      await claim('one');
      await living('one');
      expect(await claim('two')).toBe('one');
      expect(await claim('one')).toBe('one');
    });

    test('stays also with a connection that waits for its own reconnection', async () => {
      await claim('one');
      await living('one');
      await failInto(opened(), 'one', 'reconnect');
      expect(await claim('two')).toBe('one');
    });

    test('is another user for another app', async () => {
      await claim('one');
      await living('one');
      expect(await claim('two', 'other_app')).toBe('two');
    });

    test('is free again when the other is disconnected', async () => {
      await claim('one');
      await living('one');
      await failInto(opened(), 'one', 'disconnected');
      expect(await claim('two')).toBe('two');
      await living('two');
      expect(await claim('one')).toBe('two');
    });

    test.each([
      ['another user', { zoomUserId: 'grace' }],
      ['another app', { zoomUserId: 'ada', app: 'other_app' }],
      ['a user who is not told', {}],
    ])('is free again when the other has moved to %s', async (_, moved) => {
      await claim('one');
      await living('one');
      await opened().commitConsent(consentOf('one', moved), 1);
      expect(await claim('two')).toBe('two');
    });

    test('is kept for a first consent under way, and free again when it has not come in time', async () => {
      await claim('one');
      expect(await claim('two', 'default', NOW + 59)).toBe('one');
      expect(await claim('two', 'default', NOW + 60)).toBe('two');
    });

    test('is told without being claimed', async () => {
      expect(await holder()).toBeUndefined();
      await claim('one');
      expect(await holder()).toBe('one');
      expect(await holder(NOW + 60)).toBeUndefined();
      await living('one');
      expect(await holder(NOW + 60)).toBe('one');
      await failInto(opened(), 'one', 'disconnected');
      expect(await holder()).toBeUndefined();
      expect(await claim('two')).toBe('two');
    });

    test('goes to one alone of two who are connected and claim at once', async () => {
      for (const name of ['one', 'two']) await living(name);
      const [first, second] = await Promise.all([claim('one'), claim('two')]);
      expect(first).toBe(second);
      expect(['one', 'two']).toContain(first);
    });
  });
}
