import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, type Scenario } from './scenario.ts';

/** A quarter of an hour without sweeps: what became due first is not what ends first. */
export const urgentFirst: Scenario = {
  name: 'urgent-first',
  must: "by the published token's end, the nearest first",
  async run() {
    const fleet = new Fleet();
    const start = fleet.time.now;
    const [many, few] = [names(400, 'early'), names(50, 'late')];
    // Those with a margin of half an hour have been due for longer, and have more time left.
    await fleet.connect(many, () => start - HOUR + 14 * MINUTE);
    await fleet.connect(few, () => start - HOUR + 8 * MINUTE);
    for (const name of many) await fleet.makeDue(name, start - 15 * MINUTE);
    for (const name of few) await fleet.makeDue(name, start - MINUTE);
    await fleet.sweep();
    const order = fleet.zoom.requests.map(({ user }) => user);
    const lastOfFew = Math.max(...few.map((name) => order.indexOf(name)));
    return [
      {
        due: many.length + few.length,
        'the last of the 50 nearest comes as number': lastOfFew + 1,
        // Sixteen steps run at a time, and may overtake each other.
        holds: lastOfFew < few.length + 16,
      },
    ];
  },
};
