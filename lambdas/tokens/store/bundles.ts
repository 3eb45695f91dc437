import type { Bundle } from '../publication/bundle.ts';

/** The bundles, which are not in the indexes: their members are. */
export interface Bundles {
  /** Returns the bundle, strongly consistent; `undefined` before its first member. */
  bundle(name: string): Promise<Bundle | undefined>;

  /** Replaces a bundle, if its revision is the one before; false when another function was faster. */
  putBundle(bundle: Bundle): Promise<boolean>;
}
