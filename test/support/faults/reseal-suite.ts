import '../services/output.ts';
import { describe, expect, test } from '@jest/globals';
import { readKeyStatus } from '../../../lambdas/tokens/key-rotation/key-status.ts';
import { createResealer, SETTLE_SECONDS } from '../../../lambdas/tokens/key-rotation/reseal.ts';
import { rotateKeys } from '../../../lambdas/tokens/key-rotation/rotate-keys.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import { ALL_FAULTS, type FaultName, type Strike } from './faults.ts';
import type { Lab } from './lab.ts';
import { run } from './run.ts';
import { consent, type Scenario, sweepOnce } from './scenarios.ts';

const MINUTE = 60;
/** Two passes with a pause of two minutes between, at one sweep a minute, and one more pass where a fault left something. */
const LONGEST_MINUTES = 10;
/** Tokens in the rescue bucket, which no step takes up. */
const RESCUED = { connection: 'main', consentId: 'kept' };

/** The other scenarios go through all faults of each client. Here those are taken that leave what is stored in different states. */
const WRITE_FAULTS: FaultName[] = [
  'is done, and its response is lost',
  'is not sent, because the function is killed',
  'is done, and the function is killed',
];
const READ_FAULTS: FaultName[] = ['is throttled', 'gets 500'];
const IS_READ = /\.(GET|GetItem|Scan|Query|GetSecretValue|DescribeSecret)$/;

/** The keys were rotated, and a sweep seals with the current ones what is stored. */
const SCENARIO: Scenario = {
  grantType: 'authorization_code',
  prepare: async (lab) => {
    await consent(lab, lab.healthy);
    await sweepOnce(lab, lab.healthy);
    const { sealedTokens = '', expiresAt = 0, rotatedAt = 0 } = (await lab.connection('main')) ?? {};
    await lab.healthy.rescue?.put(RESCUED, { sealedTokens, expiresAt, rotatedAt });
    await rotateKeys(operatorOf(lab), lab.healthy.installation);
    lab.pass(SETTLE_SECONDS);
  },
  invoke: async (_, runtime) => {
    await createResealer(runtime)();
    return [];
  },
};

/** Declares a test for some faults at every call of a sweep that seals again what is stored. */
export async function proveResealingUnderFaults(): Promise<void> {
  const points = await run(SCENARIO, undefined, async (each) => each.points);

  test('a sweep that seals again reads and writes the rescue bucket and the table', () => {
    expect(points).toEqual(
      expect.arrayContaining(['s3.GET', 's3.PUT', 'dynamodb.Scan', 'dynamodb.UpdateItem']),
    );
  });

  describe('what is stored is sealed with the current key, and nothing is lost, when the call', () => {
    for (const [at, point] of points.entries()) {
      const call = `${at + 1} of ${points.length}, ${point},`;
      const faults = IS_READ.test(point) ? READ_FAULTS : WRITE_FAULTS;
      test.each(faults)(`${call} %s`, (fault) => expectSealed({ fault, at, lasts: false }));
      const lasting = faults.filter((fault) => !('kills' in ALL_FAULTS[fault]));
      test.each(lasting)(`${call} and every later one to that service %s`, (fault) =>
        expectSealed({ fault, at, lasts: true }),
      );
    }
  });
}

async function expectSealed(strike: Strike): Promise<void> {
  await run(SCENARIO, strike, async ({ lab, before }) => {
    await expectReadable(lab, before?.version);
    const notes = () => lab.healthy.store.keyRotation();
    for (let minute = 0; (await notes())?.completedAt === undefined; minute += 1) {
      expect(minute).toBeLessThan(LONGEST_MINUTES);
      lab.pass(MINUTE);
      await createResealer(lab.healthy)();
    }
    // A wrong end would let the next rotation of the keys take away the key that opens what is left.
    const { status } = await readKeyStatus(lab.healthy, lab.healthy.installation);
    expect(status).toMatchObject({ isPreviousNeeded: false, sealed: { current: 2, previous: 0, other: 0 } });
    await rotateKeys(operatorOf(lab), lab.healthy.installation);
    await expectReadable(lab, before?.version);

    lab.pass(Math.max(0, ((await lab.connection('main'))?.dueAt ?? 0) - lab.now()));
    await sweepOnce(lab, lab.healthy);
    const tokens = await lab.tokens('main');
    expect(lab.zoom.isLiving('main', tokens?.refreshToken)).toBe(true);
    expect(await lab.published('main')).toBe(tokens?.accessToken);
    expect(lab.zoom.refusals).toBe(0);
  });
}

/** Expects that the tokens in the table and in the rescue bucket are those of the consent, and can be opened. */
async function expectReadable(lab: Lab, version: number | undefined): Promise<void> {
  const { openingKey, rescue } = lab.healthy;
  expect(await lab.connection('main')).toMatchObject({ status: 'active', version });
  const tokens = await lab.tokens('main');
  expect(lab.zoom.isLiving('main', tokens?.refreshToken)).toBe(true);
  expect(await lab.published('main')).toBe(tokens?.accessToken);
  const rescued = await rescue?.get(RESCUED);
  expect(await open(rescued?.sealedTokens ?? '', 'main', openingKey)).toEqual(tokens);
}

const operatorOf = (lab: Lab) => ({ ...lab.healthy, starter: undefined });
