import '../support/services/aws-environment.ts';
import { describe, expect, test } from '@jest/globals';
import { drainBacklog } from '../../bench/scale/backlog.ts';
import { idleSweep } from '../../bench/scale/idle.ts';
import { spread } from '../../bench/scale/jitter.ts';

// The small sizes of `npm run bench -- scale`, for a busy machine.
const LONG = 60_000;

test(
  'a sweep with nothing due asks as much of a large fleet as of one connection',
  async () => {
    const one = await idleSweep(1);
    const many = await idleSweep(400);
    expect(one.sweep).toEqual({ requests: 2, reads: 0.5, writes: 1 });
    expect(many.sweep).toEqual(one.sweep);
    expect(one.look).toEqual({ requests: 8, reads: 3, writes: 2 });
    expect(many.look).toMatchObject({ requests: 8, writes: 2 });
    // Two counts may read a page of the index, 4 kB and more, where there was nothing to count.
    expect(many.look.reads).toBeLessThanOrEqual(5);
    expect(many.scan.reads).toBeGreaterThan(100);
  },
  LONG,
);

test(
  'a backlog larger than a sweep is worked off by the next ones, the most urgent first, and nobody is left out',
  async () => {
    const { sweeps, mostInASweep, outOfOrder, starved } = await drainBacklog(2000);
    expect(mostInASweep).toBeGreaterThan(1800);
    expect({ sweeps, outOfOrder, starved }).toEqual({ sweeps: 2, outOfOrder: 0, starved: 0 });
  },
  LONG,
);

describe('a fleet that connected within one minute', () => {
  const most = (rotation: number) =>
    Math.max(...(spread(2000, [rotation])[0]?.minutes ?? []).map(([, share]) => share));

  test('does not rotate within one', () => {
    expect(most(1)).toBeLessThan(0.25);
  });

  test('drifts further apart with every rotation', () => {
    expect(most(6)).toBeLessThan(0.15);
    expect(most(24)).toBeLessThan(0.1);
  });
});
