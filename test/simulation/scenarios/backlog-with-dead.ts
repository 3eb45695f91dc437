import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, type Scenario } from './scenario.ts';

/** Far more is due than a sweep can do, and many of the connections are dead. */
export const backlogWithDead: Scenario = {
  name: 'backlog-with-dead',
  must: 'at 0, 10 and 30 % dead, spread: living rotations at least 95 % of the capacity in every full sweep; at 90 %, and with the dead at the head: every living one at most 3 sweeps later than without the dead',
  async run(isShort) {
    const due = isShort ? 4800 : 9600;
    const healthy = await drain(due, 0, 'spread');
    const capacity = Math.max(...healthy.rotations);
    const rows = [];
    for (const [share, order] of [
      ...[0, 0.1, 0.3, 0.9].map((each) => [each, 'spread'] as const),
      ...(isShort ? [0.3] : [0.1, 0.3, 0.9]).map((each) => [each, 'head'] as const),
    ] as const) {
      const run = await drain(due, share, order);
      // The last sweep that rotates anything is not full.
      const full = run.rotations.slice(0, Math.max(1, Math.floor((due * (1 - share)) / capacity)));
      const least = Math.min(...full);
      // Alone, the living ones are rotated in their order, as many in each sweep as it can.
      const late = Math.max(0, ...run.sweepOf.map((sweep, rank) => sweep - Math.floor(rank / capacity)));
      const isCapacity = order === 'head' || share > 0.3 || least >= 0.95 * capacity;
      rows.push({
        dead: `${Math.round(share * 100)} %`,
        order,
        capacity,
        'least in a full sweep': least,
        'sweeps late at most': late,
        holds: isCapacity && late <= 3,
      });
    }
    return rows;
  },
};

async function drain(due: number, share: number, order: 'spread' | 'head') {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(due);
  const dead = new Set(
    all.filter((_, index) => (order === 'head' ? index < due * share : isSpread(index, share))),
  );
  // The published tokens end one after the other, the first of them in eight minutes.
  await fleet.connect(all, (index) => start - HOUR + 8 * MINUTE + (index * 2 * MINUTE) / due);
  for (const name of dead) fleet.zoom.remove(name);
  const living = all.filter((name) => !dead.has(name));
  const rotations: number[] = [];
  const sweepOf = new Map<string, number>();
  let rotated = 0;
  while (rotated < living.length && rotations.length < 60) {
    const began = fleet.time.now;
    const asked = fleet.zoom.requests.length;
    const report = await fleet.sweep();
    for (const { user, status } of fleet.zoom.requests.slice(asked))
      if (status === 200) sweepOf.set(user, sweepOf.get(user) ?? rotations.length);
    rotations.push(report.rotated);
    rotated += report.rotated;
    fleet.time.now = Math.max(fleet.time.now, began + MINUTE);
  }
  return { rotations, sweepOf: living.map((name) => sweepOf.get(name) ?? Infinity) };
}

/** That share of all, evenly among them. */
const isSpread = (index: number, share: number) =>
  Math.floor((index + 1) * share) > Math.floor(index * share);
