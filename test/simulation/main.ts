/**
 * Simulates a quarter: `npm run simulate -- --days 90 --connections 50 --seed 1 --json`.
 * With `--bundles 1` the connections are members of one bundle. It runs twice at once, each in its own thread: with a Zoom whose old tokens outlive a refresh, and with one whose do not.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ROUGH } from './faults.ts';
import type { SimulationOptions, SimulationReport } from './report.ts';
import { playScenarios } from './scenarios/command.ts';
import { simulate } from './simulation.ts';
import { table } from './table.ts';

if (isMainThread) await main();
else parentPort?.postMessage(await simulate(workerData as SimulationOptions));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      days: { type: 'string', default: '90' },
      connections: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      bundles: { type: 'string', default: '0' },
      scenario: { type: 'string' },
    },
  });
  if (values.scenario !== undefined) {
    process.exitCode = await playScenarios(values.scenario, values.json);
    return;
  }
  const shared = {
    days: positive('days', values.days),
    connections: positive('connections', values.connections),
    seed: positive('seed', values.seed),
    faults: ROUGH,
    ...(values.bundles !== '0' && { bundles: positive('bundles', values.bundles) }),
  };
  const reports = await Promise.all([
    inThread({ ...shared, outlives: true }),
    inThread({ ...shared, outlives: false }),
  ]);
  process.stdout.write(values.json ? `${JSON.stringify(reports, undefined, 2)}\n` : table(reports));
  if (reports.some(({ lost, mostInFlight }) => lost.avoidable > 0 || mostInFlight > 1)) process.exitCode = 1;
}

function inThread(options: SimulationOptions): Promise<SimulationReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  process.stderr.write(`--${name} must be a number above 0, not "${text}".\n`);
  process.exit(2);
}
