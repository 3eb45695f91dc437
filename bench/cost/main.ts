import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attackBill } from './attack.ts';
import {
  type Bill,
  breakEven,
  cheapest,
  type Instance,
  LAYOUTS,
  type Layout,
  type Line,
  MOST_TOKEN_BYTES,
  ours,
  rotationsOf,
  sum,
  twoSecrets,
  type Usage,
  vaultOn,
} from './bill.ts';
import { PRICES_AS_OF } from './prices.ts';
import { DEFAULT_INTERVAL_MINUTES, DEFAULT_POLL_SECONDS, DOCUMENTS, withBills } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');

const HELP = `Prints the AWS bill of a month of 30 days line by line, and the totals of the alternatives.

  npm run cost -- --connections 1000

The first bill is that of the layout. The others stand beside it: the remaining layouts, two secrets for each
connection, and HashiCorp Vault.

Options (after "--")
  --connections <n>        number of connections (default 1)
  --interval <minutes>     minutes between two rotations of a connection (default ${DEFAULT_INTERVAL_MINUTES}, for tokens that
                           outlive a refresh; otherwise use 47.5)
  --rotations-per-day <n>  rotations of a connection, instead of --interval
  --layout <name>          own: a secret for each connection; bundles: up to 48,000 bytes of tokens in each secret,
                           whose members rotate 36 times a day; push: no secret at all (default: the cheaper of own
                           and bundles)
  --token-bytes <n>        length of a token (default 900)
  --poll-seconds <n>       seconds between two reads by n8n (default ${DEFAULT_POLL_SECONDS})
  --attack                 print instead what a month costs at most in which a stranger sends as much as the
                           throttles admit, to ten execution environments
  --apps <n>               number of Zoom apps, for --attack (default 1)
  --write                  update the bills in README.md and docs/performance.md
  --json                   print one JSON object
  --help                   print this text
`;

class UsageError extends Error {}

interface Options {
  layout: Layout | undefined;
  json: boolean;
  write: boolean;
  attackedApps: number | undefined;
}

/**
 * Returns the usage to bill, or `undefined` for `--help`.
 * @throws {UsageError}
 */
function read(args: string[]): (Usage & Options) | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const { interval, 'rotations-per-day': rotations } = values;
  if (interval !== undefined && rotations !== undefined) {
    throw new UsageError('--interval and --rotations-per-day exclude each other: pass one of them.');
  }
  refuseIgnored(values);
  const connections = whole('--connections', values.connections ?? '1');
  const tokenBytes = whole('--token-bytes', values['token-bytes'] ?? '900');
  if (tokenBytes > MOST_TOKEN_BYTES) {
    throw new UsageError(
      `--token-bytes must be at most ${MOST_TOKEN_BYTES}, which a bundle holds, but it is "${tokenBytes}".`,
    );
  }
  return {
    connections,
    rotationsPerDay:
      rotations === undefined
        ? (24 * 60) / positive('--interval', interval ?? String(DEFAULT_INTERVAL_MINUTES))
        : positive('--rotations-per-day', rotations),
    pollSeconds: positive('--poll-seconds', values['poll-seconds'] ?? String(DEFAULT_POLL_SECONDS)),
    tokenBytes,
    layout: values.layout === undefined ? undefined : layoutOf(values.layout),
    json: values.json ?? false,
    write: values.write ?? false,
    attackedApps: values.attack ? whole('--apps', values.apps ?? '1') : undefined,
  };
}

/** The options of the bill that the calculation of an attack does not read. */
const OF_THE_BILL = [
  'connections',
  'interval',
  'rotations-per-day',
  'poll-seconds',
  'token-bytes',
  'layout',
] as const;

/** @throws {UsageError} for options that would be ignored */
function refuseIgnored(values: ReturnType<typeof parse>): void {
  if (!values.attack && values.apps !== undefined)
    throw new UsageError('--apps is for --attack alone: the bill has one app. Add --attack, or omit --apps.');
  const ignored = OF_THE_BILL.find((option) => values[option] !== undefined);
  if (values.attack && ignored !== undefined)
    throw new UsageError(
      `--${ignored} changes nothing in what --attack prints. Omit --${ignored} or --attack.`,
    );
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
        'token-bytes': { type: 'string' },
        layout: { type: 'string' },
        json: { type: 'boolean' },
        attack: { type: 'boolean' },
        apps: { type: 'string' },
        write: { type: 'boolean' },
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
  throw new UsageError(`${option} must be a number above 0, but it is "${text}".`);
}

function layoutOf(text: string): Layout {
  const layout = LAYOUTS.find((each) => each === text);
  if (layout) return layout;
  throw new UsageError(`--layout must be one of ${LAYOUTS.join(', ')}, but it is "${text}".`);
}

function whole(option: string, text: string): number {
  const value = positive(option, text);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${option} must be a whole number, but it is "${text}".`);
}

const PRICES_NOTE = `Prices in us-east-1 as of ${PRICES_AS_OF}, in dollars, without the free tier where it does not say so; see bench/cost/prices.ts.`;

const INSTANCES: Instance[] = ['t4g.nano', 't4g.small'];

function breakEvenText(usage: Usage): string {
  return INSTANCES.map((instance) => {
    const connections = breakEven(instance, usage);
    return connections === undefined
      ? `Vault on one ${instance} is never cheaper, up to 100,000 connections.`
      : `Vault on one ${instance} is cheaper from ${connections.toLocaleString('en-US')} connections on.`;
  }).join('\n');
}

function text(usage: Usage, layout: Layout, bills: Bill[]): string {
  const [own, ...others] = bills as [Bill, ...Bill[]];
  const { connections } = usage;
  const rotationsPerDay = rotationsOf(usage, layout);
  const head = `A month of 30 days, ${connections.toLocaleString('en-US')} connection${connections === 1 ? '' : 's'}, ${rotationsPerDay.toFixed(1)} rotations of each a day.
${PRICES_NOTE}`;
  const alternatives = others.map(
    (bill) =>
      `${bill.name.padEnd(28)}${sum(bill).toFixed(2).padStart(14)}   ${(sum(bill) / sum(own)).toFixed(2)} times as much`,
  );
  return `${head}\n\n${own.name}\n${columns(own, { isWithFreeTier: true })}\n\nAlternatives\n${alternatives.join('\n')}
${breakEvenText(usage)}
Vault: one instance, 8 GB and a public address; without a replica, a backup, or the work to unseal and update it.\n`;
}

/** Returns what `--json` prints. The bill of the layout is the first. */
function report(usage: Usage, layout: Layout, bills: [Bill, ...Bill[]]) {
  const sums = (bill: Bill) => ({ sum: sum(bill), sumWithFreeTier: sum(bill, { freeTier: true }) });
  const [own] = bills;
  const { sum: total, sumWithFreeTier: totalWithFreeTier } = sums(own);
  return {
    ...{ connections: usage.connections, total, totalWithFreeTier, layout },
    ...{ pricesAsOf: PRICES_AS_OF, region: 'us-east-1', usage },
    breakEven: Object.fromEntries(
      INSTANCES.map((instance) => [instance, breakEven(instance, usage) ?? null]),
    ),
    bills: bills.map((bill) => ({ ...bill, ...sums(bill) })),
  };
}

function attackText(bill: Bill): string {
  const head = `A month of 30 days of forged requests, as many as the throttles admit. Each line is a limit, and comes on top of the bill.
${PRICES_NOTE}`;
  return `${head}\n\n${columns(bill, { isWithFreeTier: false })}\n`;
}

/** Returns the bill's lines and their sum in columns. What comes on top of a bill finds the free tier used up. */
function columns(bill: Bill, { isWithFreeTier }: { isWithFreeTier: boolean }): string {
  const freeTier = ['Sum with the free tier', '', '', '', sum(bill, { freeTier: true }).toFixed(2)];
  const table = [
    ...bill.lines.map(row),
    ['Sum', '', '', '', sum(bill).toFixed(2)],
    ...(isWithFreeTier ? [freeTier] : []),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0)),
  );
  return table
    .map((cells) =>
      cells
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

const row = ({ what, arithmetic, quantity, price }: Line): string[] => [
  what,
  arithmetic,
  quantity.toLocaleString('en-US', { maximumFractionDigits: 3 }),
  `× ${Number(price.toPrecision(6)).toFixed(10).replace(/0+$/, '').replace(/\.$/, '')}`,
  (quantity * price).toFixed(2),
];

function updateDocuments(): void {
  for (const [name, sizes] of Object.entries(DOCUMENTS)) {
    const file = join(ROOT, name);
    writeFileSync(file, withBills(readFileSync(file, 'utf8'), sizes));
  }
}

try {
  const options = read(process.argv.slice(2));
  if (options) {
    const { json, write, attackedApps, layout: wanted, ...usage } = options;
    if (write) updateDocuments();
    if (attackedApps !== undefined) {
      const attack = attackBill(attackedApps);
      const printed = {
        pricesAsOf: PRICES_AS_OF,
        region: 'us-east-1',
        attack: { ...attack, sum: sum(attack) },
      };
      process.stdout.write(json ? `${JSON.stringify(printed, undefined, 2)}\n` : attackText(attack));
    } else {
      const layout = wanted ?? cheapest(usage).layout;
      const others = LAYOUTS.filter((each) => each !== layout).map((each) => ours(usage, each));
      const vaults = INSTANCES.map((instance) => vaultOn(instance, usage));
      const bill = ours(usage, layout);
      const bills: [Bill, ...Bill[]] = [bill, ...others, twoSecrets(usage), ...vaults];
      process.stdout.write(
        json ? `${JSON.stringify(report(usage, layout, bills), undefined, 2)}\n` : text(usage, layout, bills),
      );
    }
  } else {
    process.stdout.write(HELP);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nSee npm run cost -- --help.\n`);
  process.exitCode = 2;
}
