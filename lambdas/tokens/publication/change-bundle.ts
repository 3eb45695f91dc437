import type { Dependencies } from '../dependencies.ts';
import { type Bundle, newBundle } from './bundle.ts';

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
