import { describe, expect, test } from '@jest/globals';
import { CALM, ROUGH } from './faults.ts';
import { simulate } from './simulation.ts';

const HOUR = 3600;
const MINUTES_5 = 300_000;
/** A quarter, with a table: npm run simulate. */
const short = { days: 2, connections: 12, seed: 1 };
/** Two days must meet what a quarter does. */
const STORM = { ...ROUGH, outageEveryDays: 0.4, lostAnswers: 1 / 500, kills: 1 / 500, deployEveryDays: 0.5 };

describe.each([
  { zoom: 'keeps an old token alive after a refresh', outlives: true },
  { zoom: 'ends an old token at a refresh', outlives: false },
])('a fleet whose Zoom $zoom', ({ outlives }) => {
  test(
    'loses nothing to outages, lost answers, kills and deployments but in the unavoidable window',
    async () => {
      const report = await simulate({ ...short, outlives, faults: STORM });
      expect(report.rotations).toBeGreaterThan(400);
      for (const survived of Object.values(report.faults)) expect(survived).toBeGreaterThan(0);
      expect(report.lost).toMatchObject({ avoidable: 0 });
      expect(report.mostInFlight).toBe(1);
      if (outlives) expect(report.dead.map(({ otherwise }) => otherwise)).toEqual([0, 0, 0]);
    },
    MINUTES_5,
  );
});

test(
  'without faults, n8n never holds a dead token where old tokens outlive a refresh',
  async () => {
    const report = await simulate({ ...short, outlives: true, faults: CALM });
    expect(Object.values(report.lost)).toEqual([0, 0, 0, 0]);
    expect(report.dead).toEqual([300, 30, 'push'].map((way) => ({ way, lost: 0, outage: 0, otherwise: 0 })));
  },
  MINUTES_5,
);

test(
  'without faults, where old tokens die at a refresh n8n holds a dead one until its next poll, and no longer',
  async () => {
    const report = await simulate({ ...short, outlives: false, faults: CALM });
    for (const { way, otherwise } of report.dead) {
      // Until it is published, which takes a few calls, and until n8n asks.
      const poll = way === 'push' ? 0 : way;
      expect(otherwise).toBeLessThanOrEqual(report.rotations * (poll + 5));
    }
    // The late margin makes it rare: once in 45 minutes or so.
    expect(report.rotations).toBeLessThanOrEqual(short.connections * ((short.days * 24 * HOUR) / (44 * 60)));
  },
  MINUTES_5,
);

test(
  'the same seed simulates the same quarter',
  async () => {
    const options = {
      ...short,
      days: 0.5,
      outlives: true,
      faults: { ...STORM, deployEveryDays: 0.1 },
    };
    expect(await simulate(options)).toEqual(await simulate(options));
  },
  MINUTES_5,
);
