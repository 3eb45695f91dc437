import { createN8n } from '../../../lambdas/tokens/apis/n8n.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { createInstanceShare } from '../../../lambdas/tokens/push/instance-share.ts';
import { MemorySettings } from '../../support/world/memory-settings.ts';
import { N8nModel } from '../../support/world/n8n-model.ts';
import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, type Scenario } from './scenario.ts';

/** Seconds; the timeout is five. */
const SLOW = 4.9;
const QUICK = 0.05;

/** Every second connection is pushed to an n8n that responds just below the timeout, the others to a quick one. */
export const slowN8n: Scenario = {
  name: 'slow-n8n',
  must: 'rotations, and pushes to the quick n8n, at least 90 % of what they are where both are quick; no push counts as failed',
  async run(isShort) {
    const rows = [];
    for (const count of isShort ? [800] : [800, 4000]) {
      const both = await sweepOnce(count, QUICK);
      const beside = await sweepOnce(count, SLOW);
      rows.push({
        connections: count,
        'rotated, both quick': both.rotated,
        'rotated, one slow': beside.rotated,
        'quick n8n, both quick': both.quick,
        'quick n8n, one slow': beside.quick,
        'slow n8n': beside.other,
        failed: beside.failed,
        holds:
          both.rotated >= Math.min(count, 1800) &&
          both.quick + both.other === both.rotated &&
          beside.rotated >= 0.9 * both.rotated &&
          beside.quick >= 0.9 * both.quick &&
          beside.other >= 20 &&
          beside.failed === 0,
      });
    }
    return rows;
  },
};

/** A sweep with two instances, of which `other` takes so many seconds to respond. */
async function sweepOnce(count: number, seconds: number) {
  const fleet = new Fleet();
  const models = { quick: new N8nModel(), other: new N8nModel() };
  const urls = { quick: 'https://quick.example', other: 'https://other.example' };
  const settings = new MemorySettings();
  await settings.write(
    new Map([
      ['quick', { url: urls.quick, apiKey: models.quick.apiKey }],
      ['other', { url: urls.other, apiKey: models.other.apiKey }],
    ]),
  );
  fleet.push = {
    settings,
    n8n: createN8n(async (url, request) => {
      const isOther = url.startsWith(urls.other);
      await fleet.time.sleep(isOther ? seconds : QUICK);
      return models[isOther ? 'other' : 'quick'].fetch(url, request);
    }),
    urls: Object.values(urls),
    pauses: new Map(),
    shares: createInstanceShare(),
  };
  const start = fleet.time.now;
  const all = names(count);
  await fleet.connect(all, (index) => start - HOUR + 8 * MINUTE + index / 100);
  for (const [index, name] of all.entries()) {
    const instance = index % 2 === 0 ? 'quick' : 'other';
    const item = (await fleet.store.inner.get(name)) as Connection;
    const credentialId = models[instance].add('zoomApi', {});
    const { version: pushedVersion, expiresAt: validUntil } = item;
    const target = { instance, credentialId, pushedVersion, validUntil, failures: 0 };
    const lease = { owner: 'link', now: start, until: start + 1, early: true };
    const held = (await fleet.store.inner.lease(name, lease)) as Connection;
    await fleet.store.inner.setPushTargets(held, [target]);
    await fleet.store.inner.release(held);
    await fleet.store.index(name);
  }
  fleet.time.now = start + 1;
  const { rotated, pushFailed } = await fleet.sweep();
  return { rotated, failed: pushFailed, quick: models.quick.taken.length, other: models.other.taken.length };
}
