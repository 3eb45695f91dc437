import type { Dependencies } from '../dependencies.ts';
import { type Bundle, newBundle, UNKNOWN } from './bundle.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/**
 * Changes a bundle, again where another function was faster.
 * @param change returns the changed bundle, or `undefined` to leave it
 * @returns the bundle as it is stored after the change; `undefined` where it was left
 */
export async function changeBundle(
  name: string,
  change: (bundle: Bundle) => Bundle | undefined,
  { store, wait, random }: Pick<Dependencies, 'store' | 'wait' | 'random'>,
): Promise<Bundle | undefined> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const bundle = (await store.bundle(name)) ?? newBundle(name);
    const changed = change(bundle);
    if (changed === undefined || changed === bundle) return changed;
    const written = { ...changed, revision: bundle.revision + 1 };
    if (await store.putBundle(written)) return written;
    await wait(Math.ceil(pause * random()));
  }
}

/**
 * Notes that a bundle's secret holds something else than its item says, as after a restoration of the table: the next
 * publication writes it. What was numbered since the backup is left behind.
 */
export async function doubtContent(
  name: string,
  { now, ...deps }: Pick<Dependencies, 'store' | 'wait' | 'random' | 'now'>,
): Promise<void> {
  const doubted = (bundle: Bundle) => ({
    ...bundle,
    unrecorded: UNKNOWN,
    sequence: Math.max(bundle.sequence, now()),
  });
  await changeBundle(name, doubted, deps);
}
