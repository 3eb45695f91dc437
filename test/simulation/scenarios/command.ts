import { cryptoInOrder } from '../../support/world/crypto-in-order.ts';
import { play, type ScenarioReport } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

/**
 * Plays one scenario, or all of them, and prints the figures: `npm run simulate -- --scenario <name>|all [--json]`.
 * @returns the exit status: 1 where what must be does not hold, 2 for an unknown name
 */
export async function playScenarios(name: string, isJson: boolean): Promise<number> {
  const chosen = name === 'all' ? SCENARIOS : SCENARIOS.filter((scenario) => scenario.name === name);
  if (chosen.length === 0) {
    const known = SCENARIOS.map((scenario) => scenario.name).join(', ');
    process.stderr.write(`There is no scenario "${name}". Known scenarios: ${known}, all.\n`);
    return 2;
  }
  const restore = cryptoInOrder();
  let status = 0;
  for (const scenario of chosen) {
    const report = await play(scenario, false);
    process.stdout.write(isJson ? `${JSON.stringify(toJson(report))}\n` : text(report));
    if (!report.holds) status = 1;
  }
  restore();
  return status;
}

/** One object: the scenario, its figures, and whether all holds. */
const toJson = ({ scenario, must, holds, rows }: ScenarioReport) => ({ scenario, must, rows, holds });

function text({ scenario, must, holds, rows }: ScenarioReport): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [`${scenario}: ${holds ? 'holds' : 'DOES NOT HOLD'}`, `Must be: ${must}.`, ...lines, '', ''].join(
    '\n',
  );
}
