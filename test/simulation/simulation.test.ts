import { describe, expect, test } from '@jest/globals';
import { CALM, ROUGH } from './faults.ts';
import { simulate } from './simulation.ts';

const HOUR = 3600;
const MINUTES_5 = 300_000;
/** For a whole quarter: npm run simulate. */
const short = { days: 2, connections: 12, seed: 1 };
/** More faults than in a quarter, so that two days meet each kind. */
const STORM = {
  ...ROUGH,
  outageEveryDays: 0.4,
  lostResponses: 1 / 500,
  kills: 1 / 500,
  deployEveryDays: 0.5,
};

describe.each([
  { zoom: 'old tokens outlive a refresh', outlives: true },
  { zoom: 'old tokens die at a refresh', outlives: false },
])('a simulated fleet where $zoom', ({ outlives }) => {
  test(
    'loses no connection to outages, lost responses, kills and deployments unless the loss is unavoidable',
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
  'a simulated fleet in a bundle loses no connection avoidably, and its secret keeps its versions',
  async () => {
    const report = await simulate({ ...short, days: 1, outlives: true, faults: STORM, bundles: 1 });
    expect(report.rotations).toBeGreaterThan(200);
    expect(report.lost).toMatchObject({ avoidable: 0 });
    expect(report.mostInFlight).toBe(1);
    expect(report.bundles?.mostVersions).toBeGreaterThan(30);
    expect(report.bundles?.mostVersions).toBeLessThanOrEqual(98);
    expect(report.bundles).toMatchObject({ bundles: 1, refused: 0, waited: 0 });
  },
  MINUTES_5,
);

test(
  'without faults n8n never holds a dead token where old tokens outlive a refresh',
  async () => {
    const report = await simulate({ ...short, outlives: true, faults: CALM });
    expect(Object.values(report.lost)).toEqual([0, 0, 0, 0]);
    expect(report.dead).toEqual([300, 30, 'push'].map((way) => ({ way, lost: 0, outage: 0, otherwise: 0 })));
  },
  MINUTES_5,
);

test(
  'without faults n8n holds a dead token only until its next poll where old tokens die at a refresh',
  async () => {
    const report = await simulate({ ...short, outlives: false, faults: CALM });
    for (const { way, otherwise } of report.dead) {
      // The publication takes a few calls, and then n8n polls.
      const poll = way === 'push' ? 0 : way;
      expect(otherwise).toBeLessThanOrEqual(report.rotations * (poll + 5));
    }
    // The late margin makes rotations rare: about one in 45 minutes.
    expect(report.rotations).toBeLessThanOrEqual(short.connections * ((short.days * 24 * HOUR) / (44 * 60)));
  },
  MINUTES_5,
);

test(
  'the same seed gives the same simulation',
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
