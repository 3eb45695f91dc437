import type { AppHealth } from '../../tokens/judgement/app-health.ts';
import type { ConnectionStore } from '../../tokens/store/connection-store.ts';
import type { Items } from './items.ts';

/** No connection's name holds a `#`. */
const appKey = (app: string) => `app#${app}`;

/** Stores the health of each Zoom app: one item an app, beside the connections. */
export function createAppNotes({
  get,
  update,
}: Pick<Items, 'get' | 'update'>): Pick<ConnectionStore, 'appHealth' | 'putAppHealth'> {
  return {
    appHealth: async (app) => (await get(appKey(app)))?.health as AppHealth | undefined,

    async putAppHealth(app, health) {
      const { revision } = health;
      const item = await update(appKey(app), {
        set: 'SET #health = :health, #revision = :revision',
        values: { health, revision, before: revision - 1 },
        condition: 'attribute_not_exists(#revision) OR #revision = :before',
      });
      return item !== undefined;
    },
  };
}
