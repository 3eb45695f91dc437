import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Bill, breakEven, cheapest, ours, sum, twoSecrets, vaultOn } from '../../bench/cost/bill.ts';
import {
  DEFAULT_INTERVAL_MINUTES,
  DEFAULT_POLL_SECONDS,
  DOCUMENTS,
  withBills,
} from '../../bench/cost/table.ts';
import { synthesized } from '../lib/synthesized.ts';

/** Thirty rotations a day, each 48 minutes. */
const HUNDRED = { connections: 100, rotationsPerDay: 30, pollSeconds: 300 };
const amount = (bill: Bill, what: string) => {
  const line = bill.lines.find((found) => found.what === what);
  return (line?.quantity ?? Number.NaN) * (line?.price ?? Number.NaN);
};

// Computed by hand: 43,200 sweeps and 90,000 rotations.
describe('the bill of a month with 100 connections', () => {
  const bill = ours(HUNDRED);

  test.each([
    // 100 + the key + one app + the n8n instances, at 0.40
    ['Secrets', 41.6],
    // 90,000 × 5 millionths
    ['Publishing', 0.45],
    // 8,640 polls × (5 batches of 20 + 2 pages of 100)
    ['Reading by n8n', 0.3024],
    // (43,200 × the credentials + 4,320 × the sealing key) × 5 millionths
    ['Reading by the functions', 0.2376],
    // (43,200 × 1.5 + 90,000 × 9) × 0.625 millionths
    ['DynamoDB, write units', 0.54675],
    // (43,200 × 2.5 + 90,000 × 1) × 0.125 millionths
    ['DynamoDB, read units', 0.02475],
    // 100 × (1 kB + 2,400 bytes)
    ['DynamoDB, GB with recovery', 0.00015046875],
    ['Lambda, requests', 0.00864],
    // (4,320 s + 4,500 s) × 1.7275 GB
    ['Lambda, GB-seconds', 0.203155016],
    ['Schedule', 0.0432],
    // 86.4 MB + 90 MB
    ['Logs, GB', 0.0882],
    ['Metrics', 0.6],
    ['Alarms', 0.7],
  ])('has the line %s with %d dollars', (what, dollars) => {
    expect(amount(bill, what)).toBeCloseTo(dollars, 9);
  });

  test('is the sum of its lines', () => {
    expect(sum(bill)).toBeCloseTo(44.80485, 5);
    expect(bill.lines).toHaveLength(13);
  });

  test('has one more secret and publication for each connection with two secrets a connection', () => {
    // 40 for the secrets, 0.45 for the writes, and a third page of ListSecrets at each poll.
    expect(sum(twoSecrets(HUNDRED)) - sum(bill)).toBeCloseTo(40 + 0.45 + 8640 * 5e-6, 9);
  });

  test('has an instance, a volume, an address and the secrets of the functions with Vault', () => {
    const saved = amount(bill, 'Secrets') + amount(bill, 'Publishing') + amount(bill, 'Reading by n8n');
    // 720 × 0.0168, 8 × 0.08, 720 × 0.005, 4 × 0.40
    expect(sum(vaultOn('t4g.small', HUNDRED)) - (sum(bill) - saved)).toBeCloseTo(
      12.096 + 0.64 + 3.6 + 1.6,
      9,
    );
  });
});

/** Half an hour less than an hour is the margin, and half of five minutes the jitter. */
const usageOf = (connections: number) => ({
  ...{ connections, rotationsPerDay: (24 * 60) / DEFAULT_INTERVAL_MINUTES },
  pollSeconds: DEFAULT_POLL_SECONDS,
});

// 51 tokens of 900 characters, each with its name, fit a bundle of 48,000 bytes.
describe('the bill of a month with bundles', () => {
  test('has a secret for each 51 connections, written in 36 slots a day', () => {
    const bill = ours(usageOf(1000), 'bundles');
    // 20 bundles and the three own secrets; 20 × 36 × 30 writes; 8,640 polls × (1 batch + 1 page)
    expect(amount(bill, 'Secrets')).toBeCloseTo(24 * 0.4, 9);
    expect(amount(bill, 'Publishing')).toBeCloseTo(0.108, 9);
    expect(amount(bill, 'Reading by n8n')).toBeCloseTo(0.0864, 9);
    // 43,200 × 1.5 + 1,080,000 × 9 units, and two of four units for each publication of the bundle's own item
    expect(amount(bill, 'DynamoDB, write units')).toBeCloseTo(6.1155 + 21_600 * 8 * 0.625e-6, 9);
    // 43,200 × 2.5, and of each rotation its tokens, and both items once more for the bundle
    expect(amount(bill, 'DynamoDB, read units')).toBeCloseTo((43_200 * 2.5 + 1_080_000 * 3) * 0.125e-6, 9);
    // The credentials once for each of 21,600 publications, and the key every ten minutes.
    expect(amount(bill, 'Reading by the functions')).toBeCloseTo((21_600 + 4320) * 5e-6, 9);
  });

  test('has 36 rotations of each member a day, however rarely a connection with a secret of its own rotates', () => {
    const rare = { ...usageOf(1000), rotationsPerDay: 30 };
    expect(ours(rare, 'bundles')).toEqual(ours(usageOf(1000), 'bundles'));
  });

  test('has no reading of credentials in the sweeps in which no bundle has its slot', () => {
    expect(amount(ours(usageOf(1), 'bundles'), 'Reading by the functions')).toBeCloseTo(2 * 1080 * 5e-6, 9);
  });

  test('has fewer members in a bundle, and larger items, with longer tokens', () => {
    const bill = ours({ ...usageOf(1000), tokenBytes: 1500 }, 'bundles');
    // 33 bundles of 31
    expect(amount(bill, 'Secrets')).toBeCloseTo(37 * 0.4, 9);
    // 43,200 × 1.5 + 1,080,000 × 10 units, and two of three units for each publication
    expect(amount(bill, 'DynamoDB, write units')).toBeCloseTo(6.7905 + 33 * 1080 * 6 * 0.625e-6, 9);
  });

  test('is taken by default where it is cheaper than a secret for each connection', () => {
    expect(cheapest(usageOf(1000)).layout).toBe('bundles');
    // With a bundle for each connection nothing is left to save.
    expect(cheapest({ ...usageOf(100), rotationsPerDay: 30, tokenBytes: 47_000 }).layout).toBe('own');
  });

  test('is dearer than Vault from a number of connections on, and not before', () => {
    const from = breakEven('t4g.small', usageOf(1)) ?? Number.NaN;
    const difference = (connections: number) =>
      sum(cheapest(usageOf(connections)).bill) - sum(vaultOn('t4g.small', usageOf(connections)));
    expect(difference(from)).toBeGreaterThan(0);
    expect(difference(from - 1)).toBeLessThanOrEqual(0);
  });
});

test.each([
  [1, 4.5],
  [100, 9],
  [1000, 25],
  [10_000, 190],
])('a month with %d connections costs at most %d dollars, without the free tier', (connections, most) => {
  expect(sum(cheapest(usageOf(connections)).bill)).toBeLessThanOrEqual(most);
});

test('the free tier covers metrics, alarms, schedule, logs and functions of a small installation', () => {
  const bill = ours(usageOf(1));
  const paid = ['Secrets', 'Publishing', 'Reading by n8n', 'Reading by the functions'];
  const table = ['DynamoDB, write units', 'DynamoDB, read units', 'DynamoDB, GB with recovery'];
  const dollars = [...paid, ...table].map((what) => amount(bill, what));
  expect(sum(bill, { freeTier: true })).toBeCloseTo(
    dollars.reduce((total, each) => total + each),
    9,
  );
});

test('push only has the secrets of the functions alone', () => {
  expect(amount(ours(HUNDRED, 'push'), 'Secrets')).toBeCloseTo(1.6, 9);
});

test('the bill has as many alarms and secrets as the stack, which has no dashboard', () => {
  const template = synthesized();
  const bill = ours(HUNDRED);
  const quantity = (of: string) => bill.lines.find(({ what }) => what === of)?.quantity;
  const resources = (type: string) => Object.keys(template.findResources(type)).length;
  expect(quantity('Alarms')).toBe(resources('AWS::CloudWatch::Alarm'));
  expect(resources('AWS::CloudWatch::Dashboard')).toBe(0);
  expect(quantity('Secrets')).toBe(HUNDRED.connections + resources('AWS::SecretsManager::Secret'));
});

test.each(Object.entries(DOCUMENTS))(
  'the bills in %s are current: run npm run cost -- --write',
  (name, sizes) => {
    const document = readFileSync(name, 'utf8');
    expect(document).toBe(withBills(document, sizes));
  },
);

test('the numbers of connections from which Vault is cheaper are those that the documents name', () => {
  const dearer = (layout: 'own' | 'bundles', instance: 't4g.nano' | 't4g.small') => {
    let connections = 1;
    const difference = () =>
      sum(ours(usageOf(connections), layout)) - sum(vaultOn(instance, usageOf(connections)));
    while (difference() <= 0) connections += 1;
    return connections.toLocaleString('en-US');
  };
  const prose = readFileSync('docs/performance.md', 'utf8').replace(/\s+/g, ' ');
  expect(/cheaper from .*? with bundles/.exec(prose)?.[0]).toBe(
    `cheaper from ${dearer('own', 't4g.nano')} connections (t4g.nano) or ${dearer('own', 't4g.small')} (t4g.small) with a secret for each connection, and from ${dearer('bundles', 't4g.nano')} or ${dearer('bundles', 't4g.small')} with bundles`,
  );
  const [members] =
    /up to (\d+)/.exec(ours(usageOf(1), 'bundles').lines[0]?.arithmetic ?? '')?.slice(1) ?? [];
  expect(/A bundle holds (\d+) tokens/.exec(prose)?.[1]).toBe(members);
});

test('Secrets Manager is the share of a large bill that the README names', () => {
  const bill = ours(usageOf(10_000));
  const secrets = ['Secrets', 'Publishing', 'Reading by n8n', 'Reading by the functions'];
  const share = secrets.reduce((total, what) => total + amount(bill, what), 0) / sum(bill);
  expect(share).toBeGreaterThan(0.9);
  expect(readFileSync('README.md', 'utf8')).toContain('Secrets Manager is more than nine tenths');
});

describe('npm run cost', () => {
  const cost = (...args: string[]) =>
    spawnSync(process.execPath, ['bench/cost/main.ts', ...args], { encoding: 'utf8' });

  test('prints each line as quantity × price, the date of the prices, and the alternatives', () => {
    const { status, stdout } = cost('--connections', '100', '--rotations-per-day', '30', '--layout', 'own');
    expect(status).toBe(0);
    expect(stdout).toContain('as of 2026-11');
    expect(stdout).toMatch(/Secrets .* 104 +× 0\.4 +41\.60/);
    expect(stdout).toMatch(/Sum +44\.80/);
    for (const other of ['two secrets a connection', 't4g.nano', 't4g.small'])
      expect(stdout).toContain(other);
  });

  test('prints the same bills as JSON with --json', () => {
    const { stdout } = cost('--connections', '100', '--interval', '48', '--layout', 'own', '--json');
    const { pricesAsOf, usage, bills } = JSON.parse(stdout);
    expect({ pricesAsOf, usage }).toEqual({
      pricesAsOf: '2026-11',
      usage: { ...HUNDRED, tokenBytes: 900 },
    });
    expect(bills[0].sum).toBeCloseTo(44.80485, 5);
  });

  test('prints the connections and the total of the cheaper layout as JSON', () => {
    const printed = JSON.parse(cost('--connections', '1000', '--json').stdout);
    const { bill, layout } = cheapest(usageOf(1000));
    expect(printed).toMatchObject({ connections: 1000, layout });
    expect(printed.total).toBeCloseTo(sum(bill), 9);
    expect(printed.totalWithFreeTier).toBeCloseTo(sum(bill, { freeTier: true }), 9);
    expect(printed.breakEven['t4g.small']).toBe(breakEven('t4g.small', usageOf(1000)));
  });

  test('names the rotations of the layout, and counts one bundle as one', () => {
    const { stdout } = cost('--layout', 'bundles');
    expect(stdout).toContain('1 connection, 36.0 rotations of each a day');
    expect(stdout).toContain('1 bundle of up to 51');
  });

  test('prints its options with --help', () => {
    expect(cost('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--connections <n>'),
    });
  });

  test.each([
    ['--connections', 'many'],
    ['--connections', '0'],
    ['--connections', '1.5'],
    ['--interval', '-1'],
    ['--poll-seconds', ''],
    ['--interval=5', '--rotations-per-day=5'],
    ['--layout', 'nothing'],
    ['--token-bytes', '0'],
    ['--token-bytes', '47975'],
    ['--apps', '3'],
    ['--connections=5', '--attack'],
    ['--layout=push', '--attack'],
    ['--what'],
  ])('rejects %s %s', (...args) => {
    const { status, stdout, stderr } = cost(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(args[0]?.split('=')[0]);
  });
});
