import type { N8nInstance } from '../apis/n8n.ts';
import type { Dependencies, N8nSettings } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { usesInstance } from './may-push.ts';
import { isSameInstance } from './push.ts';

/** Number of writes after which concurrent writers are reported as an error. */
const MOST_WRITES = 5;
/** Pause before the check, milliseconds, because Secrets Manager is eventually consistent. */
const SETTLE_MS = 200;

/**
 * Stores one instance in the n8n secret, or removes it without `instance`. Secrets Manager has no conditional write, so the
 * secret is read again after each write, and written again if another command has overwritten it.
 * @throws {Failure} `retry` (`busy`) while other commands keep overwriting it
 */
export async function writeInstance(
  settings: N8nSettings,
  name: string,
  instance: N8nInstance | undefined,
  { wait }: Pick<Dependencies, 'wait'>,
): Promise<void> {
  for (let writes = 0; writes < MOST_WRITES; writes += 1) {
    const instances = new Map(await settings.read({ fresh: true }));
    const present = instances.get(name);
    if (instance ? present && isSameInstance(present, instance) : !present) return;
    if (instance) instances.set(name, instance);
    else instances.delete(name);
    await settings.write(instances);
    await wait(SETTLE_MS);
  }
  throw new Failure(
    'retry',
    'busy',
    'The n8n secret was not changed: other commands are writing it at the same time.',
    'Run the command again in a minute.',
  );
}

/** Removes an instance that no connection uses. Restores it if a connection was linked to it in the meantime. */
export async function removeUnusedInstance(
  name: string,
  settings: N8nSettings,
  deps: Dependencies,
): Promise<void> {
  const isUsed = async () => (await deps.store.list()).some((item) => usesInstance(item, name));
  if (await isUsed()) return;
  const instance = (await settings.read({ fresh: true })).get(name);
  await writeInstance(settings, name, undefined, deps);
  if (instance && (await isUsed())) await writeInstance(settings, name, instance, deps);
}
