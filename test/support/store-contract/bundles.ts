import { expect, test } from '@jest/globals';
import { newBundle } from '../../../lambdas/tokens/publication/bundle.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';

/** The bundles of every store. */
export function describeBundles(opened: () => ConnectionStore): void {
  test('a bundle that nobody has joined is not there', async () => {
    expect(await opened().bundle('sales')).toBeUndefined();
  });

  test('of two functions that change a bundle at once, one has to read it again', async () => {
    const first = { ...newBundle('sales'), revision: 1, members: { anna: { since: 1, bytes: 910 } } };
    expect(await opened().putBundle(first)).toBe(true);
    expect(await opened().bundle('sales')).toEqual(first);
    const second = { ...first, revision: 2, content: 'a', lease: { owner: 'me', until: 5 } };
    expect(await opened().putBundle(second)).toBe(true);
    expect(await opened().putBundle({ ...first, revision: 2 })).toBe(false);
    expect(await opened().bundle('sales')).toEqual(second);
    expect(await opened().list()).toEqual([]);
  });
}
