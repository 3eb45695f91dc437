import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { Cursor } from '../../../lambdas/tokens/store/pages.ts';
import { consentOf, dueNames, failInto, failure, leaseOf, linkOf, NOW } from './values.ts';

export function describeQueries(opened: () => ConnectionStore): void {
  const connected = (connection: string, dueAt = NOW) =>
    opened().commitConsent(consentOf(connection, { consentedAt: dueAt }), 0);
  const publish = async (connection: string, validUntil: number) => {
    const held = (await opened().lease(connection, leaseOf('me', { early: true }))) as Connection;
    await opened().settle(held, { validUntil, dueAt: NOW });
  };

  describe('the last health check', () => {
    const health = { checkedAt: NOW, leastValidUntil: NOW + 50, reconnect: 2, misconfigured: 1 };

    test('has no time of a sweep before the first one, and then that of the last one', async () => {
      expect(await opened().sweptAt()).toBeUndefined();
      await opened().recordHealthCheck(NOW, health);
      await opened().recordHealthCheck(NOW + 60, health);
      expect(await opened().sweptAt()).toBe(NOW + 60);
    });

    test('is reused when it is recent enough, and then the end of the sweep is recorded', async () => {
      expect(await opened().reuseHealthCheck(NOW, { checkedAfter: NOW - 1 })).toBeUndefined();
      await opened().recordHealthCheck(NOW, health);
      expect(await opened().reuseHealthCheck(NOW + 60, { checkedAfter: NOW })).toBeUndefined();
      expect(await opened().sweptAt()).toBe(NOW);
      expect(await opened().reuseHealthCheck(NOW + 60, { checkedAfter: NOW - 1 })).toMatchObject(health);
      expect(await opened().sweptAt()).toBe(NOW + 60);
      expect(await opened().reuseHealthCheck(NOW + 120, { checkedAfter: NOW - 1 })).toMatchObject(health);
    });

    test('is corrected by a sweep that changed connections, and expires so that the next sweep repeats it', async () => {
      await opened().recordHealthCheck(NOW, health);
      const changed = { checkedAfter: NOW - 1, leastValidUntil: null };
      const corrected = { ...health, leastValidUntil: null, checkedAt: 0 };
      expect(await opened().reuseHealthCheck(NOW + 60, changed)).toMatchObject(corrected);
      expect(await opened().reuseHealthCheck(NOW + 120, { checkedAfter: NOW - 1 })).toBeUndefined();
    });

    test('is not reused once it has expired', async () => {
      await opened().recordHealthCheck(NOW, health);
      await opened().expireHealthCheck();
      expect(await opened().reuseHealthCheck(NOW + 60, { checkedAfter: NOW - 1 })).toBeUndefined();
      expect(await opened().sweptAt()).toBe(NOW);
    });

    test('is kept when the apps of the deployment are noted beside it', async () => {
      expect(await opened().knownApps()).toBeUndefined();
      await opened().recordHealthCheck(NOW, health);
      await opened().noteApps(['default', 'reports']);
      await opened().noteApps(['default']);
      expect(await opened().knownApps()).toEqual(['default']);
      expect(await opened().sweptAt()).toBe(NOW);
    });

    test('is not listed as a connection', async () => {
      await opened().recordHealthCheck(NOW, health);
      expect(await opened().list()).toEqual([]);
      expect(await dueNames(opened(), 'active', NOW + 60, 100)).toEqual([]);
    });
  });

  describe('the connections that are due', () => {
    test('are returned by name, the most urgent first', async () => {
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

    test('are returned up to a limit', async () => {
      for (const [index, name] of ['c', 'a', 'b'].entries()) await connected(name, NOW - index);
      expect(await dueNames(opened(), 'active', NOW, 2)).toEqual(['b', 'a']);
    });

    test('are returned for one status', async () => {
      await connected('well');
      await connected('broken');
      await failInto(opened(), 'broken', 'misconfigured', NOW - 1);
      expect(await dueNames(opened(), 'active', NOW, 100)).toEqual(['well']);
      expect(await dueNames(opened(), 'misconfigured', NOW, 100)).toEqual(['broken']);
      expect(await dueNames(opened(), 'reconnect', NOW, 100)).toEqual([]);
    });

    test('come page by page, each where the one before ended', async () => {
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

    test('come with the app, the end of the published token and since when it is a suspect', async () => {
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

    test('include those with a lease, because taking the lease decides', async () => {
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

  describe('a gap between sweeps', () => {
    test('is known where it was over after the given time', async () => {
      expect(await opened().lastGap(NOW)).toBeUndefined();
      await opened().noteGap(NOW - 7200, NOW);
      expect(await opened().lastGap(NOW - 1)).toBe(NOW - 7200);
      expect(await opened().lastGap(NOW)).toBeUndefined();
    });

    test('is replaced by the next one, and survives the end of a sweep', async () => {
      await opened().noteGap(NOW - 7200, NOW);
      await opened().noteGap(NOW + 60, NOW + 9000);
      const health = { checkedAt: NOW, leastValidUntil: null, reconnect: 0, misconfigured: 0 };
      await opened().recordHealthCheck(NOW + 9060, health);
      expect(await opened().lastGap(NOW)).toBe(NOW + 60);
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

  test('the connections of a status are counted up to a limit', async () => {
    for (const name of ['one', 'two', 'three']) await connected(name);
    await failInto(opened(), 'two', 'reconnect');
    expect(await opened().count('active', 100)).toBe(2);
    expect(await opened().count('reconnect', 100)).toBe(1);
    expect(await opened().count('disconnected', 100)).toBe(0);
    expect(await opened().count('active', 1)).toBe(1);
  });

  describe('the earliest expiry of a published token', () => {
    test('is that of the active and the misconfigured connections', async () => {
      for (const [name, validUntil] of [
        ['one', NOW + 50],
        ['two', NOW + 20],
        ['three', NOW + 90],
      ] as const) {
        await connected(name);
        await publish(name, validUntil);
      }
      expect(await opened().leastValidUntil()).toBe(NOW + 20);
      // The failure also lowers the time, as after a push that failed.
      await failInto(opened(), 'two', 'misconfigured');
      expect(await opened().leastValidUntil()).toBe(0);
      await failInto(opened(), 'two', 'reconnect');
      expect(await opened().leastValidUntil()).toBe(NOW + 50);
    });

    test('is 0 while a connection has not been published', async () => {
      await connected('main');
      expect(await opened().leastValidUntil()).toBe(0);
    });

    test('is null when no connection is active or misconfigured', async () => {
      expect(await opened().leastValidUntil()).toBeNull();
    });
  });

  test('the list holds every connection and nothing else, neither a link nor a claimed user', async () => {
    const items = [await connected('one'), await connected('two')];
    await opened().createLink(linkOf('link'), NOW + 600);
    await opened().claimUser('default', 'ada', 'one', { now: NOW, until: NOW + 60 });
    const list = await opened().list();
    expect(list.sort((a, b) => a.connection.localeCompare(b.connection))).toEqual(items);
  });

  test('many connections are read at once, in the order of the names, without those that do not exist', async () => {
    const one = await connected('one');
    const two = await connected('two');
    await publish('two', NOW + 60);
    const rotated = await opened().get('two');
    expect(await opened().getAll(['two', 'nobody', 'one'])).toEqual([rotated, one]);
    expect(rotated).toMatchObject({ connection: 'two', sealedTokens: two.sealedTokens });
    expect(await opened().getAll([])).toEqual([]);
  });

  test('an unknown connection is undefined', async () => {
    expect(await opened().get('nobody')).toBeUndefined();
  });
}
