import { beforeEach, describe, expect, test } from '@jest/globals';
import { type AppMonitor, createAppMonitor } from '../../../../lambdas/tokens/judgement/app-monitor.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
let calls: string[];

const monitor = (options: FunctionOptions = {}): AppMonitor =>
  createAppMonitor(
    world.dependencies({
      intercept: (point, call) => {
        calls.push(point);
        return call();
      },
      ...options,
    }),
  );
const granted = { kind: 'granted', wasSuspect: false, isProbe: false } as const;
const refused = { kind: 'refused', isFirst: true } as const;

beforeEach(() => {
  world = new World();
  calls = [];
});

describe("the monitor of an invocation's apps", () => {
  test('reads an app once', async () => {
    const apps = monitor();
    await Promise.all([apps.health('default'), apps.health('default')]);
    await apps.health('default');
    expect(calls).toEqual(['store.appHealth']);
  });

  test('stores an event before it returns', async () => {
    await monitor().record('default', refused);
    expect(await world.store.appHealth('default')).toMatchObject({ buckets: [{ refused: 1 }] });
  });

  test('writes events that come at once together', async () => {
    const apps = monitor();
    await Promise.all(Array.from({ length: 10 }, () => apps.record('default', refused)));
    expect(await world.store.appHealth('default')).toMatchObject({ buckets: [{ refused: 10 }] });
    expect(calls.filter((call) => call === 'store.putAppHealth').length).toBeLessThan(4);
  });

  test('stores what was noted with the next event, or at the end', async () => {
    const apps = monitor();
    apps.note('default', granted);
    apps.note('default', granted);
    expect(await world.store.appHealth('default')).toBeUndefined();
    await apps.flush();
    await apps.flush();
    expect(await world.store.appHealth('default')).toMatchObject({ revision: 1, buckets: [{ granted: 2 }] });
  });

  test('counts an event that other functions never let it store for this invocation, after five writes', async () => {
    let writes = 0;
    const apps = monitor({
      intercept: (point, call) => {
        if (point !== 'store.putAppHealth') return call();
        writes += 1;
        return Promise.resolve(false) as never;
      },
    });
    expect(await apps.record('default', refused)).toMatchObject({ buckets: [{ refused: 1 }] });
    expect(writes).toBe(5);
    expect(await world.store.appHealth('default')).toBeUndefined();
    expect(world.lines.at(-1)).toMatchObject({ level: 'warn', details: { app: 'default' } });
  });

  test('adds to what another function has stored meanwhile', async () => {
    const [one, other] = [monitor(), monitor()];
    await one.health('default');
    await other.record('default', refused);
    await one.record('default', refused);
    expect(await world.store.appHealth('default')).toMatchObject({ buckets: [{ refused: 2 }] });
  });

  test.each(['store.appHealth', 'store.putAppHealth'])(
    'counts an event for itself when %s fails, and rejects nothing',
    async (failing) => {
      const apps = monitor({
        intercept: (point, call) => (point === failing ? Promise.reject(new Error('down')) : call()),
      });
      for (let count = 0; count < 3; count += 1) await apps.record('default', refused);
      expect(apps.known('default')?.incidentSince).toBe(world.time);
      expect(world.lines.map(({ level }) => level)).toContain('warn');
    },
  );
});
