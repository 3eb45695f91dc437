import pMap from 'p-map';
import type { Dependencies } from '../dependencies.ts';
import type { Fleet } from '../fleet.ts';
import { fleetPages } from '../operate/fleet-counts.ts';
import { step } from '../rotation/step.ts';
import { STEP_SECONDS } from '../time-budget.ts';
import { CONCURRENCY } from './sweep.ts';

/**
 * Returns a function that makes a step of each active connection whose app was taken out of the deployment. The step fails,
 * so that the alarm, the status and `doctor` name the connection at once, while n8n's token lives. Without this it would be
 * named after its next rotation. The function looks once, and again only after it was interrupted.
 * @param deployed the names of the apps that the deployment has
 */
export function createAppWatch(
  deployed: readonly string[],
  deps: Dependencies & { store: Fleet },
): (options: { deadline: number }) => Promise<void> {
  const { store, now, log } = deps;
  let isDone = false;
  return async ({ deadline }) => {
    if (isDone) return;
    const known = await store.knownApps();
    const removed = new Set(known?.filter((app) => !deployed.includes(app)));
    const hasTime = () => now() < deadline - STEP_SECONDS;
    if (removed.size > 0) {
      log.warn('apps were taken out of the deployment', { apps: [...removed].join(', ') });
      await store.expireHealthCheck();
      for await (const { entries } of fleetPages({ status: 'active', now: now() }, store)) {
        const concerned = entries.filter(({ app }) => removed.has(app));
        await pMap(
          concerned,
          async ({ connection }) => {
            if (hasTime()) await step(connection, deps, { deadline, early: true });
          },
          { concurrency: CONCURRENCY },
        );
        if (!hasTime()) return;
      }
    }
    const isNoted = known !== undefined && removed.size === 0 && known.length === deployed.length;
    if (!isNoted) await store.noteApps(deployed);
    isDone = true;
  };
}
