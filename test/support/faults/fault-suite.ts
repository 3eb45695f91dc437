import { afterAll, describe, expect, test } from '@jest/globals';
import { expectCancelled } from './expect-cancelled.ts';
import { expectDeauthorized, expectDisconnected } from './expect-disconnected.ts';
import { expectPromisesKept } from './expect-promises.ts';
import { ALL_FAULTS, FAULTS, type FaultName, HTTP_FAULTS, RESTART_FAULTS, SECRETS_FAULTS } from './faults.ts';
import { expectNoSecret, run, secrets, sweepTimes } from './run.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

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

/** The client secret, n8n's API key, and two keys. */
const INSTALLATION_SECRETS = 4;

const PROOFS: Partial<Record<keyof typeof SCENARIOS, typeof expectPromisesKept>> = {
  'a disconnection': expectDisconnected,
  "a disconnection of a bundle's member": expectDisconnected,
  "a link's cancellation": expectCancelled,
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
        await prove(scenario, { fault, at, lasts: false, call: point }, points);
      });
      const lasting = lastingFaultsOf(point);
      if (lasting.length === 0) continue;
      test.each(lasting)(
        `${call} and every later one to that service %s`,
        async (fault) => {
          runs += 1;
          await prove(scenario, { fault, at, lasts: true, call: point }, points);
        },
        UNTIL_DEADLINE_MS,
      );
    }
  });

  test(`${name}: no log line, metric, error or page holds a token, a code, a ticket, a cookie, a key or a client secret`, async () => {
    const { output, issued } = await run(scenario, undefined, async (each) => {
      await sweepTimes(each.lab, 1);
      return { output: each.output, issued: each.lab.zoom.secrets };
    });
    // Every run searches its output for secrets. Here the output must be what it should be, and the search must work.
    expect(output.join('\n')).toMatch(/"message":\s*"connected"/);
    expect(output.join('\n')).toContain('CloudWatchMetrics');
    expect(issued.size).toBeGreaterThan(INSTALLATION_SECRETS);
    expect([...issued].filter((secret) => !secrets.has(secret))).toEqual([]);
    const [secret = ''] = issued;
    expect(() => expectNoSecret([...output, `a log line with ${secret}`])).toThrow();
  });

  afterAll(() => {
    process.stdout.write(
      `${name}: ${points.length} calls, ${Object.keys(ALL_FAULTS).length} faults, ${runs} runs\n`,
    );
  });
}
