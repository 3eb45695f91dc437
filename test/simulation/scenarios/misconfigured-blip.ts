import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, type Scenario } from './scenario.ts';
import { refuse } from './zoom.ts';

/** One transient `invalid_client`, or one AccessDenied after a deployment. */
export const misconfiguredBlip: Scenario = {
  name: 'misconfigured-blip',
  must: 'n8n never holds a dead token',
  async run(isShort) {
    const runs = isShort ? 20 : 300;
    let dead = 0;
    for (let run = 0; run < runs; run += 1) if ((await blip(run, run % 2 === 0)) > 0) dead += 1;
    return [{ runs, 'with a dead token': dead, holds: dead === 0 }];
  },
};

async function blip(seed: number, isAtZoom: boolean): Promise<number> {
  const fleet = new Fleet(seed);
  const start = fleet.time.now;
  const name = `c${seed}`;
  await fleet.connect([name], () => start - HOUR + 16 * MINUTE + (seed % 7));
  let isOver = false;
  if (isAtZoom) {
    fleet.zoom.override = () => {
      if (isOver) return undefined;
      isOver = true;
      return refuse('invalid_client', 'Invalid client_id or client_secret');
    };
  } else {
    fleet.failing = (point) => {
      if (isOver || point !== 'vault.publish') return undefined;
      isOver = true;
      return accessDenied();
    };
  }
  await fleet.sweepUntil(start + 2 * HOUR);
  return fleet.deadSeconds(name, start, start + 2 * HOUR);
}

const accessDenied = () => Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
