import { createHandler as createOperator } from '../../../lambdas/operator.ts';
import { createHandler as createRotate } from '../../../lambdas/rotate.ts';
import { placeOf } from '../../../lambdas/tokens/publication/place.ts';
import type { Lab } from './lab.ts';
import { consent, contextOf, type Scenario, sweepOnce } from './scenarios.ts';

export const BUNDLE = placeOf('sales');

const joinAs = (lab: Lab, connection: string) =>
  consent(lab, lab.healthy, connection, { connection, place: BUNDLE });

/** Scenarios with the members of one bundle. The connection `second` is one in each of them, beside `main`. */
export const BUNDLE_SCENARIOS = {
  'a rotation of a bundle': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await joinAs(lab, 'second');
      await joinAs(lab, 'main');
      await sweepOnce(lab, lab.healthy);
      const dueAt = await Promise.all(
        ['main', 'second'].map(async (name) => (await lab.connection(name))?.dueAt ?? 0),
      );
      lab.pass(Math.max(...dueAt) - lab.now());
    },
    invoke: sweepOnce,
  },
  // The callback function starts the rotate function, which publishes.
  'a consent into a bundle': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await joinAs(lab, 'second');
      await sweepOnce(lab, lab.healthy);
    },
    invoke: async (lab, runtime) => {
      const pages = await consent(lab, runtime, 'main', { place: BUNDLE });
      await createRotate(() => runtime)({ start: 'connection', connection: 'main' }, contextOf(lab));
      return pages;
    },
  },
  'a move into a bundle': {
    grantType: 'authorization_code',
    prepare: async (lab) => {
      await joinAs(lab, 'second');
      await consent(lab, lab.healthy);
      await sweepOnce(lab, lab.healthy);
    },
    invoke: async (lab, runtime) => {
      await moveOnce(lab, runtime);
      return [];
    },
  },
} satisfies Record<string, Scenario>;

/** Moves "main" into the bundle at once, as `zoom-tokens bundle main sales --keep 0` does. */
export const moveOnce = (lab: Lab, runtime: ReturnType<Lab['runtime']>) =>
  createOperator(() => ({ ...runtime, starter: undefined }))(
    { action: 'move', connection: 'main', place: BUNDLE, keepSeconds: 0 },
    contextOf(lab),
  );
