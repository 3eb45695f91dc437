import { beforeEach, describe, expect, test } from '@jest/globals';
import { createAppMonitor } from '../../../../lambdas/tokens/judgement/app-monitor.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import type { DueEntry } from '../../../../lambdas/tokens/store/pages.ts';
import { createDueQueue, type DueQueue, type DueStep } from '../../../../lambdas/tokens/sweep/due-queue.ts';
import { World } from '../../../support/world/world.ts';

const PAGE = 3;
let world: World;
let entries: DueEntry[];
let failing: boolean;

const entry = (connection: string, changed: Partial<DueEntry> = {}): DueEntry => ({
  connection,
  app: 'default',
  status: 'active',
  dueAt: world.time,
  validUntil: world.time + 600,
  ...changed,
});

/** A queue over `entries`, which the index shows in pages of three. */
const open = (mostOwn = 16): DueQueue => {
  const deps = world.dependencies();
  const store = {
    ...deps.store,
    appHealth: (app: string) => world.store.appHealth(app),
    putAppHealth: (...args: Parameters<typeof world.store.putAppHealth>) => world.store.putAppHealth(...args),
    due: async (status: string, _now: number, { after }: { after?: Record<string, unknown> | undefined }) => {
      if (failing) throw new Error('down');
      const all = entries.filter((each) => each.status === status);
      const from = (after?.offset as number | undefined) ?? 0;
      const next = from + PAGE < all.length && { next: { offset: from + PAGE } };
      return { entries: all.slice(from, from + PAGE), ...next };
    },
  };
  const apps = createAppMonitor({ ...deps, store });
  return createDueQueue(apps, { ...deps, store }, mostOwn);
};

/** Takes every step that the queue has, each for so many milliseconds. */
async function drain(queue: DueQueue, took: (name: string) => number = () => 100): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const step = (await queue.next()) ?? ((await queue.readOn()) ? await queue.next() : undefined);
    if (!step) return names;
    names.push(step.entry.connection);
    queue.ended(step, took(step.entry.connection));
  }
}

beforeEach(() => {
  world = new World();
  entries = [];
  failing = false;
});

test('no more steps of secrets of their own are begun than may be, while members of bundles go on', async () => {
  const place = placeOf('sales');
  entries = [entry('a'), entry('b'), entry('c'), entry('d', { place, app: 'other' })];
  const queue = open(2);
  await queue.readOn();
  await queue.readOn();
  const begun = [await queue.next(), await queue.next(), await queue.next()];
  expect(begun.map((step) => step?.entry.connection)).toEqual(['a', 'b', 'd']);
  expect({ next: await queue.next(), isFull: queue.isFull() }).toEqual({ next: undefined, isFull: true });
  for (const step of begun.slice(0, 1)) if (step) queue.ended(step, 100);
  expect((await queue.next())?.entry.connection).toBe('c');
  expect({ next: await queue.next(), isFull: queue.isFull() }).toEqual({ next: undefined, isFull: false });
});

describe('a sweep takes what is due', () => {
  test('by the end of the published token, the nearest first, across pages', async () => {
    const ends = { a: 500, b: 100, c: 900, d: 50, e: 700 };
    entries = Object.entries(ends).map(([name, end]) => entry(name, { validUntil: world.time + end }));
    expect(await drain(open())).toEqual(['d', 'b', 'a', 'e', 'c']);
  });

  test('once, although the index still shows it afterwards', async () => {
    entries = ['a', 'b'].map((name) => entry(name));
    const queue = open();
    expect(await drain(queue)).toEqual(['a', 'b']);
    expect(await queue.readOn()).toBe(false);
  });

  test('also when it became due while the sweep was under way', async () => {
    entries = [entry('a')];
    const queue = open();
    await drain(queue);
    entries.push(entry('b'));
    expect(await drain(queue)).toEqual(['b']);
  });

  test('with misconfigured connections in every twentieth place while active ones are due', async () => {
    entries = Array.from({ length: 45 }, (_, index) =>
      entry(`a${index}`, { validUntil: world.time + index }),
    );
    for (const name of ['m1', 'm2', 'm3']) entries.push(entry(name, { status: 'misconfigured' }));
    const names = await drain(open());
    expect(['m1', 'm2', 'm3'].map((name) => names.indexOf(name))).toEqual([19, 39, 47]);
  });

  test('and says when a page could not be read', async () => {
    failing = true;
    const queue = open();
    expect(await queue.readOn()).toBe(false);
    expect(queue.failure()).toEqual(new Error('down'));
  });
});

describe('suspects', () => {
  const suspect = (name: string) => entry(name, { suspectSince: world.time - 400, validUntil: 0 });

  test('take at most a twentieth of the step time while others are due', async () => {
    entries = Array.from({ length: 200 }, (_, index) => entry(`a${index}`));
    for (let index = 0; index < 50; index += 1) entries.push(suspect(`s${index}`));
    const names = await drain(open());
    const others = names.slice(0, names.findLastIndex((name) => name.startsWith('a')) + 1);
    const between = others.filter((name) => name.startsWith('s')).length;
    expect(between).toBeGreaterThan(0);
    expect(between / others.length).toBeLessThanOrEqual(0.05);
    expect(new Set(names).size).toBe(250);
  });

  test('are all taken where nothing else is due', async () => {
    entries = Array.from({ length: 5 }, (_, index) => suspect(`s${index}`));
    expect(await drain(open())).toHaveLength(5);
  });

  test('are probed twice a sweep during an incident, and the others of the app go on', async () => {
    await world.store.putAppHealth('default', { revision: 1, buckets: [], incidentSince: world.time });
    entries = Array.from({ length: 9 }, (_, index) => suspect(`s${index}`));
    entries.push(entry('a'), entry('other', { app: 'reports', suspectSince: world.time - 400 }));
    const names = await drain(open());
    expect(names.filter((name) => name.startsWith('s'))).toHaveLength(2);
    expect(names).toEqual(expect.arrayContaining(['a', 'other']));
  });
});

describe('an app whose steps are slow', () => {
  const SLOTS = 16;
  const many = (app: string, validUntil: number) =>
    Array.from({ length: 40 }, (_, index) => entry(`${app}${index}`, { app, validUntil }));

  /** Starts steps until all slots are taken, or none can start. */
  const fill = async (queue: DueQueue, underWay: DueStep[]) => {
    while (underWay.length < SLOTS) {
      const step = await queue.next();
      if (!step) return;
      underWay.push(step);
    }
  };
  /** Ends the first step of the app. */
  const end = (queue: DueQueue, underWay: DueStep[], app: string, milliseconds: number) => {
    const [step] = underWay.splice(
      underWay.findIndex(({ entry: { app: its } }) => its === app),
      1,
    );
    queue.ended(step as DueStep, milliseconds);
  };
  const count = (underWay: DueStep[], app: string) =>
    underWay.filter(({ entry: { app: its } }) => its === app).length;

  test('has at most four of the slots while another app is due, although its tokens end first', async () => {
    entries = [...many('hanging', world.time + 60), ...many('healthy', world.time + 600)];
    const queue = open();
    const underWay: DueStep[] = [];
    await queue.readOn();
    await fill(queue, underWay);
    // No step has ended, so neither app has shown its speed.
    expect([count(underWay, 'hanging'), count(underWay, 'healthy')]).toEqual([4, 4]);
    expect(queue.isWaiting()).toBe(true);
    end(queue, underWay, 'healthy', 200);
    await fill(queue, underWay);
    expect([count(underWay, 'hanging'), count(underWay, 'healthy')]).toEqual([4, 12]);
    end(queue, underWay, 'hanging', 10_000);
    await fill(queue, underWay);
    expect([count(underWay, 'hanging'), count(underWay, 'healthy')]).toEqual([4, 12]);
  });

  test('has all slots where nothing else is due', async () => {
    entries = many('hanging', world.time + 60);
    const queue = open();
    const underWay: DueStep[] = [];
    await queue.readOn();
    await fill(queue, underWay);
    expect(underWay).toHaveLength(SLOTS);
    end(queue, underWay, 'hanging', 10_000);
    await fill(queue, underWay);
    expect(underWay).toHaveLength(SLOTS);
  });

  test('has more than its share beside another slow app, and not beside a quick one', async () => {
    entries = [...many('hanging', world.time + 60), ...many('other', world.time + 600)];
    const queue = open();
    const underWay: DueStep[] = [];
    await queue.readOn();
    await fill(queue, underWay);
    end(queue, underWay, 'hanging', 10_000);
    end(queue, underWay, 'other', 10_000);
    await fill(queue, underWay);
    expect(underWay).toHaveLength(SLOTS);
    expect(count(underWay, 'other')).toBe(4);
  });

  test('leaves half of the slots to another app when it begins to hang', async () => {
    entries = [...many('first', world.time + 60), ...many('second', world.time + 600)];
    const queue = open();
    const underWay: DueStep[] = [];
    await queue.readOn();
    await fill(queue, underWay);
    for (const app of ['first', 'second']) end(queue, underWay, app, 200);
    await fill(queue, underWay);
    expect([count(underWay, 'first'), count(underWay, 'second')]).toEqual([8, 8]);
  });
});

describe('an app that Zoom’s rate limit pauses', () => {
  const pause = (pausedUntil: number) =>
    world.store.putAppHealth('default', { revision: 1, buckets: [], pausedUntil });

  test('starts no step, and another app goes on', async () => {
    await pause(world.time + 60);
    entries = [entry('a'), entry('b'), entry('other', { app: 'reports' })];
    expect(await drain(open())).toEqual(['other']);
  });

  test('is probed by one step when the time is over, and goes on once that was granted', async () => {
    await pause(world.time);
    entries = ['a', 'b', 'c'].map((name) => entry(name));
    const queue = open();
    await queue.readOn();
    const probe = await queue.next();
    expect(probe).toMatchObject({ isProbe: true });
    expect(await queue.next()).toBeUndefined();
    expect(queue.isWaiting()).toBe(true);
    await world.store.putAppHealth('default', { revision: 3, buckets: [] });
    expect((await world.store.appHealth('default'))?.probedAt).toBeUndefined();
  });
});
