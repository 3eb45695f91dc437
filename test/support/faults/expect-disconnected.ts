import { expect } from '@jest/globals';
import type { Strike } from './faults.ts';
import type { Lab } from './lab.ts';
import { run, sweepTimes } from './run.ts';
import { consent, deauthorizeOnce, disconnectOnce, type Scenario } from './scenarios.ts';

/** Expects that the operator can finish a failed disconnection by repeating it, and that no sweep reconnects it. */
export async function expectDisconnected(scenario: Scenario, strike: Strike): Promise<void> {
  await run(scenario, strike, async ({ lab, before }) => {
    await sweepTimes(lab, 1);
    const left = await lab.connection('main');
    // A failed disconnection leaves the connection either disconnected or as it was.
    if (left?.status !== 'disconnected') {
      expect(left).toMatchObject({ status: 'active', generation: before?.generation });
      expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);
    }
    const response = await disconnectOnce(lab, lab.healthy);
    expect(response).toMatchObject({ ok: true, result: { connection: { status: 'disconnected' } } });
    await sweepTimes(lab, 2);
    const item = await lab.connection('main');
    expect(item).toMatchObject({ status: 'disconnected', sealedTokens: '', publishedVersion: 0 });
    expect(item?.leaseOwner).toBeUndefined();
    expect(await lab.published('main')).toBeUndefined();
    await expectOtherStays(lab);
    const isRevoked = !lab.zoom.hasLiving('main');
    expect(response).toMatchObject({ result: { revoked: isRevoked } });
    // A disconnection does not wait until the operator has repaired something. The response says what is left.
    expect(isRevoked || strike.fault === 'finds its KMS key disabled').toBe(true);

    // A new consent connects it again and restores the secret, a bundle's with the next sweep.
    expect((await consent(lab, lab.healthy)).at(-1)?.statusCode).toBe(200);
    if (item?.place !== undefined) await sweepTimes(lab, 1);
    await expectOtherStays(lab);
    expect(await lab.published('main')).toBe((await lab.tokens('main'))?.accessToken);
    expect(await lab.connection('main')).not.toHaveProperty('disconnectedAt');
  });
}

/** Expects n8n to read the stored token of the bundle's other member, if there is one. */
async function expectOtherStays(lab: Lab): Promise<void> {
  const tokens = await lab.tokens('other');
  if (!tokens) return;
  expect(lab.zoom.accepts(tokens.accessToken)).toBe(true);
  expect(await lab.published('other')).toBe(tokens.accessToken);
}

/** Minutes after which Zoom delivers an event again. https://developers.zoom.us/docs/api/webhooks/#event-redelivery */
const REDELIVERIES = [5, 30, 90];

/** Expects Zoom to be told nothing but "done" or "deliver it again", and a redelivery or the next sweep to finish the disconnection. */
export async function expectDeauthorized(scenario: Scenario, strike: Strike): Promise<void> {
  await run(scenario, strike, async ({ lab, pages }) => {
    let status = pages?.at(-1)?.statusCode;
    for (const minutes of REDELIVERIES) {
      if (status === 200) break;
      // A killed function is a 5xx of API Gateway. Zoom does not repeat what was refused with a 4xx.
      if (status !== undefined) expect(status).toBeGreaterThanOrEqual(500);
      lab.pass(minutes * 60);
      status = (await deauthorizeOnce(lab, lab.healthy)).at(-1)?.statusCode;
    }
    expect(status).toBe(200);
    // The callback function leaves the rest to the next sweep, where the run that it starts is lost.
    await sweepTimes(lab, 1);
    const item = await lab.connection('main');
    expect(item).toMatchObject({ status: 'disconnected', sealedTokens: '', publishedVersion: 0 });
    expect(item?.leaseOwner).toBeUndefined();
    expect(await lab.published('main')).toBeUndefined();
    expect([...lab.alerted]).toEqual([]);
    expect(lab.zoom.refusals).toBe(0);

    // The user can install the app again.
    lab.pass(60);
    expect((await consent(lab, lab.healthy)).at(-1)?.statusCode).toBe(200);
    expect(await lab.published('main')).toBe((await lab.tokens('main'))?.accessToken);
  });
}
