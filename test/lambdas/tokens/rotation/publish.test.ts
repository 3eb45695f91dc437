import { expect, test } from '@jest/globals';
import { publish } from '../../../../lambdas/tokens/rotation/publish.ts';
import { World } from '../../../support/world/world.ts';

/** Publishes the item as it is, and as `other` would have it. Returns the ids of the two versions. */
async function versionsOf(other: { rotatedAt: number } | { generation: number }): Promise<string[]> {
  const world = new World();
  await world.connect('main');
  const deps = world.dependencies();
  const item = await world.item('main');
  const ids: string[] = [];
  const vault = {
    ...deps.vault,
    publish: async (_name: string, _value: string, versionId: string) => void ids.push(versionId),
  };
  await publish(item, { ...deps, vault });
  await publish({ ...item, ...other }, { ...deps, vault });
  return ids;
}

test('the publications of a table that was made anew are new versions, although it counts from one again', async () => {
  expect(new Set(await versionsOf({ rotatedAt: 1 })).size).toBe(2);
});

test('the publications of two consents are different versions, also within one second', async () => {
  expect(new Set(await versionsOf({ generation: 2 })).size).toBe(2);
});
