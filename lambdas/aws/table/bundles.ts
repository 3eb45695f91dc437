import type { Bundle } from '../../tokens/publication/bundle.ts';
import type { Bundles } from '../../tokens/store/bundles.ts';
import { SCHEMA_VERSION } from './item-schema.ts';
import type { Items } from './items.ts';

/** No connection's name holds a `#`. */
const bundleKey = (bundle: string) => `bundle#${bundle}`;

/** Stores the bundles: one item a bundle, beside the connections. */
export function createBundles({ get, update }: Pick<Items, 'get' | 'update'>): Bundles {
  return {
    bundle: async (name) => (await get(bundleKey(name)))?.record as Bundle | undefined,

    async putBundle(record) {
      const { bundle, revision } = record;
      const item = await update(bundleKey(bundle), {
        set: 'SET #record = :record, #revision = :revision, #schemaVersion = :schemaVersion',
        values: { record, revision, before: revision - 1, schemaVersion: SCHEMA_VERSION },
        condition: 'attribute_not_exists(#revision) OR #revision = :before',
        returned: 'UPDATED_NEW',
      });
      return item !== undefined;
    },
  };
}
