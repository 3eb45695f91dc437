import { expect } from '@jest/globals';
import type { Strike } from './faults.ts';
import type { Lab } from './lab.ts';
import { isUnavoidable } from './loss.ts';
import { run, sweepTimes } from './run.ts';
import { consent, linkOnce, type Scenario, sweepOnce } from './scenarios.ts';
import { expectWay } from './way.ts';

/** Expects every promise to hold after recovery, or the loss to be unavoidable and an alert to be sent. */
export async function expectPromisesKept(
  scenario: Scenario,
  strike: Strike,
  points: string[],
): Promise<void> {
  await run(scenario, strike, async ({ lab, before, pages }) => {
    const status = pages?.at(-1)?.statusCode;
    // The old token stays published until it expires. A new consent ends it at Zoom.
    if (before && scenario.invoke === sweepOnce)
      expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);

    await expectWay(lab, scenario, strike, points);
    const item = await lab.connection('main');
    if (item) {
      const tokens = await lab.tokens('main');
      const isAlive =
        scenario.grantType === 'account_credentials'
          ? lab.zoom.accepts(tokens?.accessToken)
          : lab.zoom.isLiving('main', tokens?.refreshToken);
      if (isAlive) {
        expect(item).toMatchObject({ status: 'active', publishedVersion: item.version, failures: 0 });
        // An expired lease keeps no step away.
        expect(item.leaseUntil ?? 0).toBeLessThanOrEqual(lab.now());
        expect(await lab.published('main')).toBe(tokens?.accessToken);
        expect(lab.zoom.accepts(tokens?.accessToken)).toBe(true);
        expect(lab.zoom.refusals).toBe(0);
        await expectPushed(lab, scenario);
      } else {
        expect({ strike, unavoidable: isUnavoidable(scenario, points, strike) }).toEqual({
          strike,
          unavoidable: true,
        });
        // The first refusal makes a suspect, and the second one is believed.
        for (let attempt = 0; attempt < 2 && lab.zoom.refusals < 2; attempt += 1) {
          const { dueAt } = (await lab.connection('main')) ?? item;
          lab.pass(Math.max(0, dueAt - lab.now()));
          await sweepTimes(lab, 1);
        }
        expect(await lab.connection('main')).toMatchObject({
          status: 'reconnect',
          lastError: {
            class: 'reconnect',
            code: expect.stringMatching(/^(invalid_token|response_lost)$/),
          },
        });
        expect([...lab.alerted]).toEqual(['main']);
        // One further attempt finds the token dead, and a second one confirms it.
        expect(lab.zoom.refusals).toBe(2);
      }
    }
    // A page that says "connected" tells the truth. After any other page the user can consent again.
    if (status === 200) expect(item).toBeDefined();
    expect(lab.zoom.mostInFlight).toBeLessThanOrEqual(1);

    // Where a new consent is needed, it connects, whatever the fault was.
    const isActive = (await lab.connection('main'))?.status === 'active';
    if (!isActive && scenario.grantType === 'authorization_code') {
      expect((await consent(lab, lab.healthy)).at(-1)?.statusCode).toBe(200);
      await sweepTimes(lab, 1);
      const tokens = await lab.tokens('main');
      expect(lab.zoom.isLiving('main', tokens?.refreshToken)).toBe(true);
      expect(await lab.published('main')).toBe(tokens?.accessToken);
    }
  });
}

/** Expects n8n to have the stored token: a failed push is repeated by the sweep, a failed link by the operator. */
async function expectPushed(lab: Lab, scenario: Scenario): Promise<void> {
  const stored = async () =>
    (await lab.connection('main')) ?? { targets: [], version: 0, dueAt: 0, expiresAt: 0 };
  if (scenario.invoke === linkOnce) {
    await linkOnce(lab, lab.healthy);
    expect([...lab.n8n.credentials.values()]).toHaveLength(1);
  }
  const { version, dueAt, targets = [] } = await stored();
  if (targets.some(({ pushedVersion }) => pushedVersion < version)) {
    // The push is due before the next rotation, so it needs no request to Zoom.
    lab.pass(Math.max(0, dueAt - lab.now()));
    await sweepOnce(lab, lab.healthy);
    expect((await stored()).version).toBe(version);
  }
  for (const target of (await stored()).targets ?? []) {
    expect(target).toEqual({
      instance: 'office',
      credentialId: target.credentialId,
      pushedVersion: version,
      validUntil: (await stored()).expiresAt,
      failures: 0,
    });
    expect(lab.n8n.token(target.credentialId)).toBe(await lab.published('main'));
  }
}
