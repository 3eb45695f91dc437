import { sweep } from '../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../support/world/world.ts';

const HOUR = 3600;
export const FLEET = ['one', 'two', 'three', 'four', 'five'];

/** Creates a world with five connections, all of them due. */
export async function openFleet() {
  const world = new World();
  for (const name of FLEET) await world.connect(name);
  world.pass(HOUR - 600);
  return {
    world,
    run: (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline }),
    items: () => world.store.list(),
  };
}

/** Options with which Zoom's token endpoint sends this response. */
export const responding = (respond: () => Response | Promise<Response>): FunctionOptions => ({
  intercept: async (point, call) => (point === 'zoom.token' ? ((await respond()) as never) : call()),
});
