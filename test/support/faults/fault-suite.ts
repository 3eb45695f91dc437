import '../services/output.ts';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { logger } from '../../../lambdas/observability.ts';
import { takeOutput } from '../services/output.ts';
import { FAULTS, type Fault, FaultInjector, type FaultName, type Strike } from './faults.ts';
import { type Lab, openLab } from './lab.ts';
import { consent, disconnectOnce, linkOnce, SCENARIOS, type Scenario, sweepOnce } from './scenarios.ts';

/** Everything that was logged, measured, thrown or shown in all runs, and every secret that was used in them. */
const said: string[] = [];
const secrets = new Set<string>();
/** Runs a scenario's invocation with a fault, in an installation of its own. */
async function run<T>(
  scenario: Scenario,
  strike: Strike | undefined,
  look: (run: Run) => Promise<T>,
): Promise<T> {
  const lab = await openLab(logger);
  try {
    await scenario.prepare(lab);
    const faults = new FaultInjector(strike, lab.pass);
    const before = await lab.healthy.store.get('main');
    const invocation = scenario.invoke(lab, lab.runtime(faults)).catch((error: Error) => {
      said.push(`${error.name}: ${error.message} ${error.stack}`);
      return undefined;
    });
    const pages = await Promise.race([invocation, faults.killed.then(() => undefined)]);
    for (const { body } of pages ?? []) said.push(body ?? '');
    return await look({ lab, before, pages, points: faults.points });
  } finally {
    said.push(...takeOutput());
    for (const secret of lab.zoom.secrets) secrets.add(secret);
    await lab.close();
  }
}

interface Run {
  lab: Lab;
  before: Awaited<ReturnType<Lab['healthy']['store']['get']>>;
  pages: APIGatewayProxyStructuredResultV2[] | undefined;
  points: string[];
}

/** Some of the scheduler's next sweeps, with nothing wrong any more: a lease ends after 3 minutes, a back-off after 5. */
async function sweepTimes(lab: Lab, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    lab.pass(200);
    await sweepOnce(lab, lab.healthy);
  }
}

/**
 * No fault but these may lose a connection: Zoom's response is lost, or the function is killed before either write. A consent
 * is stored in one place alone: the person is still at the browser.
 */
function isUnavoidable(scenario: Scenario, points: string[], { fault, at, lasts }: Strike): boolean {
  const { takesEffect, kills }: Fault = FAULTS[fault];
  const exchange = points.indexOf('zoom.token');
  const commit = points.findLastIndex(
    (point, index) => index > exchange && point === 'dynamodb.UpdateItem' && isCommit(points, index),
  );
  if (at === exchange) return takesEffect;
  if (exchange === -1 || at < exchange || at > commit) return false;
  const isRescued = scenario.invoke === sweepOnce;
  const staysDown = lasts && !isRescued;
  if (at < commit) return kills === true || (staysDown && points[at]?.startsWith('dynamodb') === true);
  return !takesEffect && (kills === true || staysDown);
}

/** The commit is the last update before the publication: what follows it is the lease of the step, or its end. */
function isCommit(points: string[], index: number): boolean {
  const exchange = points.indexOf('zoom.token');
  const updates = points.flatMap((point, i) => (i > exchange && point === 'dynamodb.UpdateItem' ? [i] : []));
  // A consent claims its Zoom user first; a rotation holds its lease already.
  return index === updates[points[exchange + 1] === 'zoom.user' ? 1 : 0];
}

/** After recovery every promise holds, or the loss was one that nobody could have avoided, and is told. */
async function keepsItsPromises(scenario: Scenario, strike: Strike, points: string[]): Promise<void> {
  await run(scenario, strike, async ({ lab, before, pages }) => {
    const shown = pages?.at(-1)?.statusCode;
    // The old token stays for as long as it lives; a new consent ends it at Zoom.
    if (before && scenario.invoke === sweepOnce)
      expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);

    await sweepTimes(lab, 2);
    const item = await lab.healthy.store.get('main');
    if (item) {
      const tokens = await lab.tokens('main');
      const isAlive =
        scenario.grantType === 'account_credentials'
          ? lab.zoom.accepts(tokens?.accessToken)
          : lab.zoom.isLiving('main', tokens?.refreshToken);
      if (isAlive) {
        expect(item).toMatchObject({ status: 'active', publishedVersion: item.version, failures: 0 });
        // One that has run out keeps nobody away.
        expect(item.leaseUntil ?? 0).toBeLessThanOrEqual(lab.now());
        expect(await lab.published('main')).toBe(tokens?.accessToken);
        expect(lab.zoom.accepts(tokens?.accessToken)).toBe(true);
        expect(lab.zoom.refusals).toBe(0);
        await reachesN8n(lab, scenario);
      } else {
        expect({ strike, unavoidable: isUnavoidable(scenario, points, strike) }).toEqual({
          strike,
          unavoidable: true,
        });
        // The first refusal makes a suspect, and the second one is believed.
        for (let attempt = 0; attempt < 2 && lab.zoom.refusals < 2; attempt += 1) {
          const { dueAt } = (await lab.healthy.store.get('main')) ?? item;
          lab.pass(Math.max(0, dueAt - lab.now()));
          await sweepTimes(lab, 1);
        }
        expect(await lab.healthy.store.get('main')).toMatchObject({
          status: 'reconnect',
          lastError: {
            class: 'reconnect',
            code: expect.stringMatching(/^(invalid_token|response_lost)$/),
          },
        });
        expect([...lab.alerted]).toEqual(['main']);
        expect(lab.zoom.refusals).toBe(2);
      }
    }
    // A page that says "connected" is true; one that does not lets the human try again.
    if (shown === 200) expect(item).toBeDefined();
    expect(lab.zoom.mostInFlight).toBeLessThanOrEqual(1);

    // And where a human is needed, one more consent connects, whatever had happened.
    const isActive = (await lab.healthy.store.get('main'))?.status === 'active';
    if (!isActive && scenario.grantType === 'authorization_code') {
      expect((await consent(lab, lab.healthy)).at(-1)?.statusCode).toBe(200);
      await sweepTimes(lab, 1);
      const tokens = await lab.tokens('main');
      expect(lab.zoom.isLiving('main', tokens?.refreshToken)).toBe(true);
      expect(await lab.published('main')).toBe(tokens?.accessToken);
    }
  });
}

/** A push that failed is repeated until n8n has the stored token; a link that failed, when it is made again. */
async function reachesN8n(lab: Lab, scenario: Scenario): Promise<void> {
  const stored = async () => (await lab.healthy.store.get('main')) ?? { targets: [], version: 0, dueAt: 0 };
  if (scenario.invoke === linkOnce) await linkOnce(lab, lab.healthy);
  const { version, dueAt, targets = [] } = await stored();
  if (targets.some(({ pushedVersion }) => pushedVersion < version)) {
    // Before the next rotation, so without asking Zoom.
    lab.pass(Math.max(0, dueAt - lab.now()));
    await sweepOnce(lab, lab.healthy);
    expect((await stored()).version).toBe(version);
  }
  for (const target of (await stored()).targets ?? []) {
    expect(target).toEqual({
      instance: 'office',
      credentialId: target.credentialId,
      pushedVersion: version,
      failures: 0,
    });
    expect(lab.n8n.token(target.credentialId)).toBe(await lab.published('main'));
  }
}

/** Whatever befell it, the operator's repetition ends it, and no sweep revives it. */
async function endsDisconnected(scenario: Scenario, strike: Strike): Promise<void> {
  await run(scenario, strike, async ({ lab, before }) => {
    await sweepTimes(lab, 1);
    const left = await lab.healthy.store.get('main');
    // All or nothing: a connection that is not disconnected is as well as before.
    if (left?.status !== 'disconnected') {
      expect(left).toMatchObject({ status: 'active', generation: before?.generation });
      expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);
    }
    const answer = await disconnectOnce(lab, lab.healthy);
    expect(answer).toMatchObject({ ok: true, result: { connection: { status: 'disconnected' } } });
    await sweepTimes(lab, 2);
    const item = await lab.healthy.store.get('main');
    expect(item).toMatchObject({ status: 'disconnected', sealedTokens: '', publishedVersion: 0 });
    expect(item?.leaseOwner).toBeUndefined();
    expect(await lab.published('main')).toBeUndefined();
    expect(answer).toMatchObject({ result: { revoked: true } });
    expect(lab.zoom.hasLiving('main')).toBe(false);

    // And one more consent connects again, and restores the secret.
    expect((await consent(lab, lab.healthy)).at(-1)?.statusCode).toBe(200);
    expect(await lab.published('main')).toBe((await lab.tokens('main'))?.accessToken);
    expect(await lab.healthy.store.get('main')).not.toHaveProperty('disconnectedAt');
  });
}

const LASTING: FaultName[] = ['fails before it is sent', 'is done, its answer lost'];

/** A commit is repeated until the function ends: many requests, though no real time is waited for. */
const UNTIL_DEADLINE_MS = 60_000;

/** Declares a test for every call of the scenario's invocation and every fault. */
export async function proveUnderFaults(name: keyof typeof SCENARIOS): Promise<void> {
  const scenario = SCENARIOS[name];
  const prove = name === 'a disconnection' ? endsDisconnected : keepsItsPromises;
  // The run without a fault lists the points, so that a new call cannot be forgotten.
  const points = await run(scenario, undefined, async (each) => each.points);
  let runs = 0;

  describe(`${name}: every promise holds when the call`, () => {
    for (const [at, point] of points.entries()) {
      const call = `${at + 1} of ${points.length}, ${point},`;
      test.each(Object.keys(FAULTS) as FaultName[])(`${call} %s`, async (fault) => {
        runs += 1;
        await prove(scenario, { fault, at, lasts: false }, points);
      });
      if (point.startsWith('zoom')) continue;
      test.each(LASTING)(
        `${call} and every later one to that service %s`,
        async (fault) => {
          runs += 1;
          await prove(scenario, { fault, at, lasts: true }, points);
        },
        UNTIL_DEADLINE_MS,
      );
    }
  });

  test(`${name}: no log line, metric, error or page holds a token, a code, a ticket, a cookie, a key or a client secret`, () => {
    const everything = said.join('\n');
    expect(everything).toMatch(/"message":\s*"connected"/);
    expect(everything).toContain('CloudWatchMetrics');
    expect(secrets.size).toBeGreaterThan(runs);
    expect([...secrets].filter((secret) => everything.includes(secret))).toEqual([]);
  });

  afterAll(() => {
    process.stdout.write(
      `${name}: ${points.length} points, ${Object.keys(FAULTS).length} faults, ${runs} runs\n`,
    );
  });
}
