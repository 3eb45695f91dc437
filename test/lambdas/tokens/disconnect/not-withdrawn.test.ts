import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { changeBundle } from '../../../../lambdas/tokens/publication/change-bundle.ts';
import { nextSlot } from '../../../../lambdas/tokens/publication/slots.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connectTo('sales', 'anna', 'main');
});

const end = (intercept?: Intercept) =>
  disconnect('main', world.operator(intercept && { intercept }), {
    ...{ deadline: world.deadline, force: false },
  });
const refusing =
  (error: Error): Intercept =>
  (point, call) =>
    point === 'vault.publish' ? Promise.reject(error) : call();
const REMAINS = '"main" is disconnected, but the secret of the bundle "sales" may still hold its token.';
const REPEAT = 'npx zoom-tokens disconnect main';

async function expectRemoved() {
  expect(world.bundle('sales')).toEqual({ anna: (await world.tokens('anna')).accessToken });
}

describe('a disconnection that leaves its token in its bundle', () => {
  test('because another function publishes the bundle says so, and is completed by a repetition', async () => {
    const lease = { owner: 'another function', until: world.time + LEASE_SECONDS };
    await changeBundle('sales', (bundle) => ({ ...bundle, lease }), world.dependencies());
    const message = `${REMAINS} The bundle "sales" was not published: another function is publishing it.`;
    const action = `Nothing to do: a sweep removes it. To remove it now: ${REPEAT}`;
    const failure = { class: 'retry', code: 'not_withdrawn', message, action };
    await expect(end()).rejects.toMatchObject(failure);
    const { status, lastError, dueAt } = await world.item('main');
    expect({ status, lastError }).toEqual({
      status: 'disconnected',
      lastError: { ...failure, at: Math.floor(world.time) },
    });
    expect(dueAt).toBeLessThanOrEqual(world.time + 60);
    world.pass(LEASE_SECONDS);
    expect(await end()).not.toHaveProperty('lastError');
    await expectRemoved();
  });

  test('because Secrets Manager is down says so, and a sweep completes it', async () => {
    await expect(end(refusing(new Error('down')))).rejects.toMatchObject({
      ...{ class: 'retry', code: 'not_withdrawn' },
      message: `${REMAINS} An unexpected error occurred (Error).`,
      action: `Nothing to do: a sweep removes it. To remove it now: ${REPEAT}`,
    });
    world.pass(60);
    await sweep(world.dependencies(), { deadline: world.deadline });
    await expectRemoved();
  });

  test('because something else has used up the versions of its secret says that, and how to find it', async () => {
    const full = new Failure('retry', 'version_quota', 'The secret takes no new version.', 'Wait.');
    const failure = {
      ...{ class: 'retry', code: 'not_withdrawn' },
      message: `${REMAINS} The secret of the bundle "sales" takes no further version: Secrets Manager allows 100 in 24 hours, and something else has written it.`,
      action: expect.stringMatching(`PutSecretValue. To check: ${REPEAT}$`),
    };
    await expect(end(refusing(full))).rejects.toMatchObject(failure);
    world.pass(nextSlot('sales', world.time) - world.time);
    await sweep(world.dependencies(), { deadline: world.deadline });
    await expectRemoved();
  });

  test.each(['publish_denied', 'kms_unusable'] as const)(
    'because of what an operator must mend keeps the code "%s", says that it is disconnected and what to run then',
    async (code) => {
      const denied = new Failure('misconfigured', code, 'The function is not allowed.', 'Deploy again.');
      await expect(end(refusing(denied))).rejects.toMatchObject({
        ...{ class: 'misconfigured', code },
        message: `${REMAINS} The function is not allowed.`,
        action: `Deploy again. Then run ${REPEAT}`,
      });
      expect(await world.item('main')).toMatchObject({ status: 'disconnected', lastError: { code } });
      expect(await end()).not.toHaveProperty('lastError');
      await expectRemoved();
    },
  );
});
