import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { attackBill } from '../../bench/cost/attack.ts';
import { sum } from '../../bench/cost/bill.ts';

const attack = (...args: string[]) =>
  spawnSync(process.execPath, ['bench/cost/main.ts', '--attack', ...args], { encoding: 'utf8' }).stdout;

// Computed by hand: 11 requests in each of 2,592,000 seconds are 28,512,000.
describe('a month at full throttle', () => {
  test.each([
    ['HTTP API', 28.512],
    ['Lambda, requests', 5.7024],
    // 10 × 2,592,000 s × 0.5 GB
    ['Lambda, GB-seconds', 172.800864],
    // 10 × 3 × 259,200 reads at 5 millionths: of the app's secret, and of the link key twice
    ['Reading secrets', 38.88],
    // 57.024 GB at 0.50
    ['Logs, GB', 28.512],
    // 285.12 GB at 0.09
    ['Responses, GB', 25.6608],
  ])('costs at most, for %s, %d dollars', (what, dollars) => {
    const line = attackBill(1).lines.find((found) => found.what === what);
    expect((line?.quantity ?? Number.NaN) * (line?.price ?? Number.NaN)).toBeCloseTo(dollars, 9);
  });

  test('reads a secret of each app', () => {
    expect(sum(attackBill(3)) - sum(attackBill(1))).toBeCloseTo(2 * 12.96, 9);
  });
});

test('npm run cost -- --attack prints the lines and their sum, as JSON too', () => {
  expect(attack()).toMatch(/10 environments × 2,592,000 s/);
  expect(attack()).toMatch(/Sum +300\.07/);
  expect(attack()).not.toContain('Sum with the free tier');
  expect(JSON.parse(attack('--json', '--apps', '3')).attack.sum).toBeCloseTo(sum(attackBill(3)), 9);
});
