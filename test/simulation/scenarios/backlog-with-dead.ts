import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, round, type Scenario } from './scenario.ts';
import { suspectShare } from './step-times.ts';

/** While others are due, suspects take at most this share of a sweep's step time. */
const MOST_OF_SUSPECTS = 0.05;

/** Far more is due than a sweep can do, and many of the connections are dead. */
export const backlogWithDead: Scenario = {
  name: 'backlog-with-dead',
  must: 'at 0, 10 and 30 % dead, spread: living rotations at least 95 % of the capacity in every full sweep; at 90 %, and with the dead at the head: every living one at most 3 sweeps later than without the dead; while others are due, suspects take at most 5 % of a sweep’s step time',
  async run(isShort) {
    const due = isShort ? 4800 : 9600;
    const healthy = await drain(due, 0, 'spread');
    const capacity = Math.max(...healthy.rotations);
    const rows = [];
    for (const [share, order] of [
      ...(isShort ? [0, 0.3, 0.9] : [0, 0.1, 0.3, 0.9]).map((each) => [each, 'spread'] as const),
      ...(isShort ? [0.3] : [0.1, 0.3, 0.9]).map((each) => [each, 'head'] as const),
      ...(isShort ? [0.3] : [0.1, 0.3, 0.9]).map((each) => [each, 'suspect'] as const),
    ] as const) {
      const run = share === 0 ? healthy : await drain(due, share, order);
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
        'suspects at most': `${round(run.suspects * 100, 2)} %`,
        holds: isCapacity && late <= 3 && run.suspects <= MOST_OF_SUSPECTS,
      });
    }
    return rows;
  },
};

/** The dead are spread among the others, or due before them, or spread and refused once before. */
type Order = 'spread' | 'head' | 'suspect';

async function drain(due: number, share: number, order: Order) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(due);
  const dead = new Set(
    all.filter((_, index) => (order === 'head' ? index < due * share : isSpread(index, share))),
  );
  // The published tokens end one after the other, the first of them in eight minutes.
  await fleet.connect(all, (index) => start - HOUR + 8 * MINUTE + (index * 2 * MINUTE) / due);
  for (const name of dead) {
    fleet.zoom.remove(name);
    if (order === 'suspect') await fleet.makeSuspect(name);
  }
  const living = all.filter((name) => !dead.has(name));
  const rotations: number[] = [];
  const sweepOf = new Map<string, number>();
  const sweeps: ReturnType<typeof fleet.store.steps.take>[] = [];
  let rotated = 0;
  while (rotated < living.length && rotations.length < 60) {
    const began = fleet.time.now;
    const asked = fleet.zoom.requests.length;
    fleet.store.steps.take();
    const report = await fleet.sweep();
    sweeps.push(fleet.store.steps.take());
    for (const { user, status } of fleet.zoom.requests.slice(asked))
      if (status === 200) sweepOf.set(user, sweepOf.get(user) ?? rotations.length);
    rotations.push(report.rotated);
    rotated += report.rotated;
    fleet.time.now = Math.max(fleet.time.now, began + MINUTE);
  }
  const lastOfOthers = sweeps.findLastIndex((steps) => steps.some(({ isSuspect }) => !isSuspect));
  const shares = sweeps.map((steps, index) => suspectShare(steps, index < lastOfOthers));
  const suspects = Math.max(...shares.slice(0, lastOfOthers + 1));
  return { rotations, suspects, sweepOf: living.map((name) => sweepOf.get(name) ?? Infinity) };
}

/** That share of all, evenly among them. */
const isSpread = (index: number, share: number) =>
  Math.floor((index + 1) * share) > Math.floor(index * share);
