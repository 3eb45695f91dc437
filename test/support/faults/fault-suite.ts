import '../services/output.ts';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { logger } from '../../../lambdas/observability.ts';
import { takeOutput } from '../services/output.ts';
import {
  ALL_FAULTS,
  FAULTS,
  type Fault,
  FaultInjector,
  type FaultName,
  HTTP_FAULTS,
  RESTART_FAULTS,
  SECRETS_FAULTS,
  type Strike,
} from './faults.ts';
import { type Lab, openLab } from './lab.ts';
import {
  consent,
  deauthorizeOnce,
  disconnectOnce,
  linkOnce,
  SCENARIOS,
  type Scenario,
  sweepOnce,
} from './scenarios.ts';

/** Every secret of every run so far: module state must not carry one from a run into the output of a later one. */
const secrets = new Set<string>();

/**
 * Runs a scenario's invocation with a fault, in an installation of its own. Throws when anything that the run logged,
 * measured, threw or showed contains a secret.
 */
async function run<T>(
  scenario: Scenario,
  strike: Strike | undefined,
  check: (run: Run) => Promise<T>,
): Promise<T> {
  const lab = await openLab(logger);
  const output: string[] = [];
  takeOutput();
  try {
    await scenario.prepare(lab);
    const faults = new FaultInjector(strike, lab.pass);
    const before = await lab.healthy.store.get('main');
    const invocation = scenario.invoke(lab, lab.runtime(faults)).catch((error: Error) => {
      output.push(`${error.name}: ${error.message} ${error.stack}`);
      return undefined;
    });
    const pages = await Promise.race([invocation, faults.killed.then(() => undefined)]);
    for (const { body } of pages ?? []) output.push(body ?? '');
    const result = await check({ lab, before, pages, points: faults.points, output });
    output.push(...takeOutput());
    for (const secret of lab.zoom.secrets) secrets.add(secret);
    expectNoSecret(output);
    return result;
  } finally {
    await lab.close();
  }
}

interface Run {
  lab: Lab;
  before: Awaited<ReturnType<Lab['healthy']['store']['get']>>;
  pages: APIGatewayProxyStructuredResultV2[] | undefined;
  points: string[];
  /** Errors and pages so far; log lines and metrics are added when `check` returns. */
  output: string[];
}

function expectNoSecret(output: string[]): void {
  const text = output.join('\n');
  expect([...secrets].filter((secret) => text.includes(secret))).toEqual([]);
}

/** Runs the scheduler's next sweeps without a fault. A lease ends after 3 minutes, a back-off after 5. */
async function sweepTimes(lab: Lab, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    lab.pass(200);
    await sweepOnce(lab, lab.healthy);
  }
}

/** Runs the next sweep of a connection that waited for the operator. The sweeps retry it every 15 minutes. */
async function sweepWhenRepaired(lab: Lab): Promise<void> {
  const item = await lab.healthy.store.get('main');
  if (item?.status !== 'misconfigured') return;
  lab.pass(Math.max(0, item.dueAt - lab.now()));
  await sweepTimes(lab, 1);
}

/**
 * Returns whether the fault loses the connection whatever we do: Zoom's response is lost, or the function is killed before
 * either write. A consent is stored in one place alone: the person is still at the browser.
 */
function isUnavoidable(scenario: Scenario, points: string[], { fault, at, lasts }: Strike): boolean {
  const { takesEffect, kills, isHarmless }: Fault = ALL_FAULTS[fault];
  if (isHarmless) return false;
  const exchange = points.indexOf('zoom.token');
  const commit = points.findLastIndex(
    (point, index) => index > exchange && point === 'dynamodb.UpdateItem' && isCommit(points, index),
  );
  if (at === exchange) return takesEffect;
  if (exchange === -1 || at > commit) return false;
  if (at < exchange) return false;
  const staysDown = lasts && scenario.invoke !== sweepOnce;
  if (at < commit) return kills === true || (staysDown && points[at]?.startsWith('dynamodb') === true);
  return !takesEffect && (kills === true || staysDown);
}

/** Returns whether the update at this index stores the new tokens: it is the first one after the exchange. */
function isCommit(points: string[], index: number): boolean {
  const exchange = points.indexOf('zoom.token');
  const updates = points.flatMap((point, i) => (i > exchange && point === 'dynamodb.UpdateItem' ? [i] : []));
  // A consent claims its Zoom user first; a rotation holds its lease already.
  return index === updates[points[exchange + 1] === 'zoom.user' ? 1 : 0];
}

/** Expects every promise to hold after recovery, or the loss to be unavoidable and an alert to be sent. */
async function expectPromisesKept(scenario: Scenario, strike: Strike, points: string[]): Promise<void> {
  await run(scenario, strike, async ({ lab, before, pages }) => {
    const status = pages?.at(-1)?.statusCode;
    // The old token stays published until it expires. A new consent ends it at Zoom.
    if (before && scenario.invoke === sweepOnce)
      expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);

    await sweepTimes(lab, 2);
    await sweepWhenRepaired(lab);
    const item = await lab.healthy.store.get('main');
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
        // One further attempt finds the token dead, and a second one confirms it.
        expect(lab.zoom.refusals).toBe(2);
      }
    }
    // A page that says "connected" tells the truth. After any other page the user can consent again.
    if (status === 200) expect(item).toBeDefined();
    expect(lab.zoom.mostInFlight).toBeLessThanOrEqual(1);

    // Where a new consent is needed, it connects, whatever the fault was.
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

/** Expects n8n to have the stored token: a failed push is repeated by the sweep, a failed link by the operator. */
async function expectPushed(lab: Lab, scenario: Scenario): Promise<void> {
  const stored = async () =>
    (await lab.healthy.store.get('main')) ?? { targets: [], version: 0, dueAt: 0, expiresAt: 0 };
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

/** Expects that the operator can finish a failed disconnection by repeating it, and that no sweep reconnects it. */
async function expectDisconnected(scenario: Scenario, strike: Strike): Promise<void> {
  await run(scenario, strike, async ({ lab, before }) => {
    await sweepTimes(lab, 1);
    const left = await lab.healthy.store.get('main');
    // A failed disconnection leaves the connection either disconnected or as it was.
    if (left?.status !== 'disconnected') {
      expect(left).toMatchObject({ status: 'active', generation: before?.generation });
      expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);
    }
    const response = await disconnectOnce(lab, lab.healthy);
    expect(response).toMatchObject({ ok: true, result: { connection: { status: 'disconnected' } } });
    await sweepTimes(lab, 2);
    const item = await lab.healthy.store.get('main');
    expect(item).toMatchObject({ status: 'disconnected', sealedTokens: '', publishedVersion: 0 });
    expect(item?.leaseOwner).toBeUndefined();
    expect(await lab.published('main')).toBeUndefined();
    const isRevoked = !lab.zoom.hasLiving('main');
    expect(response).toMatchObject({ result: { revoked: isRevoked } });
    // A disconnection does not wait until the operator has repaired something. The response says what is left.
    expect(isRevoked || strike.fault === 'finds its KMS key disabled').toBe(true);

    // A new consent connects it again and restores the secret.
    expect((await consent(lab, lab.healthy)).at(-1)?.statusCode).toBe(200);
    expect(await lab.published('main')).toBe((await lab.tokens('main'))?.accessToken);
    expect(await lab.healthy.store.get('main')).not.toHaveProperty('disconnectedAt');
  });
}

/** Minutes after which Zoom delivers an event again. https://developers.zoom.us/docs/api/webhooks/#event-redelivery */
const REDELIVERIES = [5, 30, 90];

/** Expects Zoom to be told nothing but "done" or "deliver it again", and a redelivery to finish the disconnection. */
async function expectDeauthorized(scenario: Scenario, strike: Strike): Promise<void> {
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
    const item = await lab.healthy.store.get('main');
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

const LASTING: FaultName[] = ['fails before it is sent', 'is done, and its response is lost'];

/** Returns the faults of a call, by the client that makes it. */
function faultsOf(point: string): FaultName[] {
  const faults = Object.keys(FAULTS);
  if (/^(zoom|n8n)/.test(point)) faults.push(...Object.keys(HTTP_FAULTS));
  if (point.startsWith('secretsmanager')) faults.push(...Object.keys(SECRETS_FAULTS));
  if (point.startsWith('n8n')) faults.push(...Object.keys(RESTART_FAULTS));
  return faults as FaultName[];
}

/** Returns the faults that also strike each later call to the service. n8n stays away while it restarts. */
function lastingFaultsOf(point: string): FaultName[] {
  if (point.startsWith('zoom')) return [];
  if (!point.startsWith('n8n')) return LASTING;
  return [...LASTING, ...(Object.keys(RESTART_FAULTS) as FaultName[])];
}

/** A commit is retried until the function ends. That takes many requests, although the clock is a fake one. */
const UNTIL_DEADLINE_MS = 60_000;

const PROOFS: Partial<Record<keyof typeof SCENARIOS, typeof expectPromisesKept>> = {
  'a disconnection': expectDisconnected,
  "Zoom's webhook of a deauthorization": expectDeauthorized,
};

/** Declares a test for every fault at every call of the scenario's invocation. Each test stands alone. */
export async function proveUnderFaults(name: keyof typeof SCENARIOS): Promise<void> {
  const scenario: Scenario = SCENARIOS[name];
  const prove = PROOFS[name] ?? expectPromisesKept;
  // A run without a fault lists the calls, so that a new call cannot be forgotten.
  const points = await run(scenario, undefined, async (each) => each.points);
  let runs = 0;

  describe(`${name}: every promise holds when the call`, () => {
    for (const [at, point] of points.entries()) {
      if (!point.startsWith(scenario.only ?? '')) continue;
      const call = `${at + 1} of ${points.length}, ${point},`;
      test.each(faultsOf(point))(`${call} %s`, async (fault) => {
        runs += 1;
        await prove(scenario, { fault, at, lasts: false }, points);
      });
      const lasting = lastingFaultsOf(point);
      if (lasting.length === 0) continue;
      test.each(lasting)(
        `${call} and every later one to that service %s`,
        async (fault) => {
          runs += 1;
          await prove(scenario, { fault, at, lasts: true }, points);
        },
        UNTIL_DEADLINE_MS,
      );
    }
  });

  test(`${name}: no log line, metric, error or page holds a token, a code, a ticket, a cookie, a key or a client secret`, async () => {
    const output = await run(scenario, undefined, async (each) => {
      await sweepTimes(each.lab, 1);
      return each.output;
    });
    // Every run searches its output for secrets. Here the output must be what it should be, and the search must work.
    expect(output.join('\n')).toMatch(/"message":\s*"connected"/);
    expect(output.join('\n')).toContain('CloudWatchMetrics');
    expect(secrets.size).toBeGreaterThan(runs);
    const [secret = ''] = secrets;
    expect(() => expectNoSecret([...output, `a log line with ${secret}`])).toThrow();
  });

  afterAll(() => {
    process.stdout.write(
      `${name}: ${points.length} calls, ${Object.keys(ALL_FAULTS).length} faults, ${runs} runs\n`,
    );
  });
}
