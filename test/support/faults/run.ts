import '../services/output.ts';
import { expect } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { logger } from '../../../lambdas/observability.ts';
import { takeOutput } from '../services/output.ts';
import { FaultInjector, type Strike } from './faults.ts';
import { type Lab, openLab, type SavedLab } from './lab.ts';
import { type Scenario, sweepOnce } from './scenarios.ts';
import { createSecretSearch } from './secret-search.ts';

/** Every secret of every run so far: module state must not carry one from a run into the output of a later one. */
export const secrets = createSecretSearch();

/** The state and the output of each scenario's preparation. It is done once, and no run changes its state. */
const preparations = new Map<Scenario, Promise<{ state: SavedLab; output: string[] }>>();

async function prepare(scenario: Scenario) {
  const lab = await openLab(logger);
  takeOutput();
  await scenario.prepare(lab);
  return { state: await lab.save(), output: takeOutput() };
}

/**
 * Runs a scenario's invocation with a fault, in an installation of its own that starts where the preparation ended. Throws when anything that the run logged,
 * measured, threw or showed contains a secret.
 */
export async function run<T>(
  scenario: Scenario,
  strike: Strike | undefined,
  check: (run: Run) => Promise<T>,
): Promise<T> {
  if (!preparations.has(scenario)) preparations.set(scenario, prepare(scenario));
  const prepared = await (preparations.get(scenario) as ReturnType<typeof prepare>);
  const lab = await openLab(logger, prepared.state);
  const output = [...prepared.output];
  takeOutput();
  try {
    const faults = new FaultInjector(strike, lab.pass);
    const before = await lab.connection('main');
    const invocation = scenario.invoke(lab, lab.runtime(faults)).catch((error: Error) => {
      output.push(`${error.name}: ${error.message} ${error.stack}`);
      return undefined;
    });
    const pages = await Promise.race([invocation, faults.killed.then(() => undefined)]);
    faults.freeze();
    // Up to its fault a run is as the one that listed the calls.
    if (strike?.call !== undefined) expect(faults.points[strike.at]).toBe(strike.call);
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

export interface Run {
  lab: Lab;
  before: Awaited<ReturnType<Lab['healthy']['store']['get']>>;
  pages: APIGatewayProxyStructuredResultV2[] | undefined;
  points: string[];
  /** Errors and pages so far; log lines and metrics are added when `check` returns. */
  output: string[];
}

export function expectNoSecret(output: string[]): void {
  expect(secrets.find(output.join('\n'))).toEqual([]);
}

/** Runs the scheduler's next sweeps without a fault. A lease ends after 3 minutes, a back-off after 5. */
export async function sweepTimes(lab: Lab, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    lab.pass(200);
    await sweepOnce(lab, lab.healthy);
  }
}
