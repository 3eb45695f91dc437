import type { Dependencies } from '../dependencies.ts';
import { type BundlePublication, publishBundle } from '../publication/publish-bundle.ts';
import type { PublishBundle, PublishingMember } from '../publication/publish-places.ts';

/** A bundle is published without the members that are still rotating after this time. */
const PATIENCE_MS = 5000;

/** Lets the steps of a bundle's members wait for each other, so that one publication serves all of them. */
export interface BundleGate {
  /** Waits for the bundle's publication. */
  publish: PublishBundle;
  /** Takes notice that the step of a member begins, and that it ended or waits for the publication. */
  begin(bundle: string): void;
  reached(bundle: string): void;
  /** Publishes the bundles of which no other member is expected. */
  open(isExpected: (bundle: string) => boolean): void;
  /** Publishes all that are waited for. */
  openAll(): void;
}

interface Waiting {
  members: Map<string, PublishingMember>;
  publication: PromiseWithResolvers<BundlePublication>;
  patience: AbortController;
}

/** @param deadline when the function ends, epoch seconds */
export function createBundleGate(deps: Dependencies, deadline: number): BundleGate {
  const underWay = new Map<string, number>();
  const waiting = new Map<string, Waiting>();
  const last = new Map<string, Promise<unknown>>();

  const publishNow = (bundle: string) => {
    const held = waiting.get(bundle);
    if (!held) return;
    waiting.delete(bundle);
    held.patience.abort();
    const including = [...held.members].filter(([, { isLeaving }]) => !isLeaving).map(([name]) => name);
    const isRemoval = including.length < held.members.size;
    const justSealed = new Map(
      [...held.members].flatMap(([name, { sealed }]) => (sealed ? [[name, sealed]] : [])),
    );
    // One publication after the other: members that come late do not compete with those before them for the lease.
    const published = (last.get(bundle) ?? Promise.resolve()).then(() =>
      publishBundle(bundle, including, deps, { deadline, isRemoval, justSealed }),
    );
    published.then(held.publication.resolve, held.publication.reject);
    last.set(
      bundle,
      published.catch(() => {}),
    );
  };

  const count = (bundle: string, difference: number) =>
    underWay.set(bundle, (underWay.get(bundle) ?? 0) + difference);

  return {
    publish(bundle, member) {
      const held = waiting.get(bundle) ?? {
        members: new Map(),
        publication: Promise.withResolvers<BundlePublication>(),
        patience: new AbortController(),
      };
      held.members.set(member.connection, member);
      if (!waiting.has(bundle)) {
        waiting.set(bundle, held);
        deps.wait(PATIENCE_MS, held.patience.signal).then(
          () => {
            if (waiting.get(bundle) === held) publishNow(bundle);
          },
          () => {},
        );
      }
      return held.publication.promise;
    },
    begin: (bundle) => void count(bundle, 1),
    reached: (bundle) => void count(bundle, -1),
    open(isExpected) {
      for (const bundle of [...waiting.keys()])
        if ((underWay.get(bundle) ?? 0) === 0 && !isExpected(bundle)) publishNow(bundle);
    },
    openAll() {
      for (const bundle of [...waiting.keys()]) publishNow(bundle);
    },
  };
}
