import '../services/output.ts';
import { describe, expect, test } from '@jest/globals';
import { BUNDLE, BUNDLE_SCENARIOS, moveOnce } from './bundle-scenarios.ts';
import { ALL_FAULTS, type Fault, type FaultName, type Strike } from './faults.ts';
import type { Lab } from './lab.ts';
import { run, sweepTimes } from './run.ts';
import { consent, type Scenario } from './scenarios.ts';

const MEMBERS = ['main', 'second'];

/** The other scenarios go through all faults of each client. Here those are taken that leave the members in different states. */
const WRITE_FAULTS: FaultName[] = [
  'is done, and its response is lost',
  'is not sent, because the function is killed',
  'is done, and the function is killed',
];
const READ_FAULTS: FaultName[] = ['is throttled'];
const IS_READ = /\.(GET|GetItem|BatchGetItem|Query|GetSecretValue|DescribeSecret)$/;

function faultsOf(point: string): FaultName[] {
  if (IS_READ.test(point)) return READ_FAULTS;
  return point.startsWith('secretsmanager')
    ? [...WRITE_FAULTS, 'finds the quota of versions used up']
    : WRITE_FAULTS;
}

/** Declares a test for every fault at every call to any service, with the promises to each member of the bundle. */
export async function proveMembersUnderFaults(name: keyof typeof BUNDLE_SCENARIOS): Promise<void> {
  const scenario: Scenario = BUNDLE_SCENARIOS[name];
  const points = await run(scenario, undefined, async (each) => each.points);
  // Steps of several members make their calls in any order, so a call is told by its name and how many came before it.
  const calls = points.map((point, index) => ({
    point,
    at: points.slice(0, index).filter((each) => each === point).length,
  }));

  describe(`${name}: every promise holds to every member when the call`, () => {
    for (const { point, at } of calls) {
      test.each(faultsOf(point))(`${at + 1} of ${point} %s`, async (fault) => {
        await expectMembersKept(scenario, { fault, at, point, lasts: false });
      });
    }
  });
}

async function expectMembersKept(scenario: Scenario, strike: Strike): Promise<void> {
  await run(scenario, strike, async ({ lab, pages }) => {
    await expectWhole(lab);
    // A lease ends after three minutes, and a back-off after one.
    await sweepTimes(lab, 2);
    await expectWhole(lab);
    if (scenario === BUNDLE_SCENARIOS['a move into a bundle']) {
      expect(await moveOnce(lab, lab.healthy)).toMatchObject({ ok: true });
      expect(await lab.secret('main')).toBeUndefined();
    }
    if (pages?.at(-1)?.statusCode === 200) expect(await lab.connection('main')).toBeDefined();
    for (const connection of MEMBERS) {
      if (await isKept(lab, connection)) continue;
      // A consent that failed before Zoom was asked has lost nothing.
      if (await lab.connection(connection))
        expect({ connection, isUnavoidable: isUnavoidable(strike) }).toEqual({
          connection,
          isUnavoidable: true,
        });
      await consent(lab, lab.healthy, connection, { connection, place: BUNDLE });
      await sweepTimes(lab, 2);
    }
    for (const member of MEMBERS)
      expect({ member, isKept: await isKept(lab, member) }).toEqual({ member, isKept: true });
    expect(Object.keys(await expectWhole(lab))).toEqual(MEMBERS);
    expect(lab.zoom.mostInFlight).toBeLessThanOrEqual(1);
  });
}

/** Expects that the bundle's secret is whole: it has the member that was in it, and of each member a token that is stored or was. */
async function expectWhole(lab: Lab): Promise<Record<string, string>> {
  const tokens: Record<string, string> = JSON.parse((await lab.secret(BUNDLE)) ?? '{}');
  expect(Object.keys(tokens)).toContain('second');
  for (const [member, token] of Object.entries(tokens)) {
    expect(token).toMatch(new RegExp(`^access-${member}-.{16}$`));
    const item = await lab.connection(member);
    // What is recorded as published is what n8n reads: no older token has come after it.
    if (item?.publishedVersion === item?.version)
      expect({ member, token }).toEqual({ member, token: (await lab.tokens(member))?.accessToken });
  }
  return tokens;
}

/** Expects that a member whose refresh token lives is well, and n8n reads its token. Returns false where the token is lost. */
async function isKept(lab: Lab, member: string): Promise<boolean> {
  const [item, tokens] = [await lab.connection(member), await lab.tokens(member)];
  if (!item || !tokens || !lab.zoom.isLiving(member, tokens.refreshToken)) return false;
  expect(item).toMatchObject({
    status: 'active',
    failures: 0,
    publishedVersion: item.version,
    place: BUNDLE,
  });
  expect(item.leaseUntil ?? 0).toBeLessThanOrEqual(lab.now());
  expect(await lab.published(member)).toBe(tokens.accessToken);
  expect(lab.zoom.accepts(tokens.accessToken)).toBe(true);
  return true;
}

/** Returns whether Zoom's response was lost, or the function was killed, perhaps between the response and the write of it. */
function isUnavoidable({ fault, point }: Strike): boolean {
  const { kills, takesEffect }: Fault = ALL_FAULTS[fault];
  return kills === true || (takesEffect && point === 'zoom.token');
}
