import { parseArgs } from 'node:util';
import { type Bill, type Line, ours, sum, twoSecrets, type Usage, vaultOn } from './bill.ts';
import { PRICES_AS_OF } from './prices.ts';

const HELP = `Prints what a month of 30 days costs at AWS, with its arithmetic, beside two alternatives.

  npm run cost -- --connections 1000

Options (after "--")
  --connections <n>        how many connections (default 1)
  --interval <minutes>     between two rotations of a connection (default 27.5, where an earlier token outlives a
                           refresh: 60, less a margin of 30 and half of a jitter of 5; otherwise 47.5)
  --rotations-per-day <n>  the same the other way round
  --poll-seconds <n>       how often n8n reads (default 300)
  --json                   one JSON object
  --help                   this text
`;

class UsageError extends Error {}

/** @throws {UsageError} */
function read(args: string[]): (Usage & { json: boolean }) | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const { interval, 'rotations-per-day': rotations } = values;
  if (interval !== undefined && rotations !== undefined) {
    throw new UsageError('--interval and --rotations-per-day say the same: leave one of the two out.');
  }
  const connections = positive('--connections', values.connections ?? '1');
  if (!Number.isInteger(connections)) {
    throw new UsageError(`--connections takes a whole number, not "${values.connections}".`);
  }
  return {
    connections,
    rotationsPerDay:
      rotations === undefined
        ? (24 * 60) / positive('--interval', interval ?? '27.5')
        : positive('--rotations-per-day', rotations),
    pollSeconds: positive('--poll-seconds', values['poll-seconds'] ?? '300'),
    json: values.json ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        connections: { type: 'string' },
        interval: { type: 'string' },
        'rotations-per-day': { type: 'string' },
        'poll-seconds': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`${option} takes a number above 0, not "${text}".`);
}

function text(usage: Usage, bills: Bill[]): string {
  const [own, ...others] = bills as [Bill, ...Bill[]];
  const { connections, rotationsPerDay } = usage;
  const head = `A month of 30 days, ${connections.toLocaleString('en-US')} connection${connections === 1 ? '' : 's'}, ${rotationsPerDay.toFixed(1)} rotations of each a day.
Prices in us-east-1 as of ${PRICES_AS_OF}, in dollars, no free tier; see bench/cost/prices.ts.`;
  const table = [...own.lines.map(row), ['Sum', '', '', '', sum(own).toFixed(2)]];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = table.map((cells) =>
    cells
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const beside = others.map(
    (bill) =>
      `${bill.name.padEnd(28)}${sum(bill).toFixed(2).padStart(14)}   ${(sum(bill) / sum(own)).toFixed(2)} times as much`,
  );
  return `${head}\n\n${lines.join('\n')}\n\nBeside it\n${beside.join('\n')}
Vault: one instance, 8 GB and a public address; no replica, no backup, nobody's time to unseal and update it.\n`;
}

const row = ({ what, of, quantity, price }: Line): string[] => [
  what,
  of,
  quantity.toLocaleString('en-US', { maximumFractionDigits: 3 }),
  `× ${Number(price.toPrecision(6)).toFixed(10).replace(/0+$/, '').replace(/\.$/, '')}`,
  (quantity * price).toFixed(2),
];

try {
  const options = read(process.argv.slice(2));
  if (options) {
    const { json, ...usage } = options;
    const bills = [ours(usage), twoSecrets(usage), vaultOn('t4g.nano', usage), vaultOn('t4g.small', usage)];
    const summed = bills.map((bill) => ({ ...bill, sum: sum(bill) }));
    process.stdout.write(
      json
        ? `${JSON.stringify({ pricesAsOf: PRICES_AS_OF, region: 'us-east-1', usage, bills: summed }, undefined, 2)}\n`
        : text(usage, bills),
    );
  } else {
    process.stdout.write(HELP);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nSee npm run cost -- --help.\n`);
  process.exitCode = 2;
}
