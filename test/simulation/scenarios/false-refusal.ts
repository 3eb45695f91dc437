import { Fleet } from './fleet.ts';
import { DAY, HOUR, MINUTE, names, type Scenario } from './scenario.ts';
import { refuse } from './zoom.ts';

/** Zoom refuses one refresh token falsely, or the app secret holds another app's credentials for half an hour. */
export const falseRefusal: Scenario = {
  name: 'false-refusal',
  must: 'healed without a person; no dead second for the false refusal',
  async run(isShort) {
    const lasts = isShort ? 3 * HOUR : 2 * DAY;
    const rows = [];
    for (const size of [1, 2]) {
      rows.push(await refusedOnce(size, lasts), await otherApp(size, lasts));
    }
    return rows;
  },
};

async function refusedOnce(size: number, lasts: number) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(size);
  // The rotation comes thirteen minutes before the token ends.
  await fleet.connect(all, () => start - HOUR + 13 * MINUTE);
  const refused = new Set<string>();
  fleet.zoom.override = ({ user }) => {
    if (refused.has(user)) return undefined;
    refused.add(user);
    return refuse('invalid_grant', 'Invalid Token!');
  };
  await fleet.sweepUntil(start + lasts);
  return report('one false refusal', fleet, all, start, start + lasts, 0);
}

async function otherApp(size: number, lasts: number) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(size);
  await fleet.connect(all, () => start - HOUR + 13 * MINUTE);
  const { credentials } = fleet;
  fleet.zoom.apps.set('another', 'app');
  fleet.credentials = { clientId: 'another', clientSecret: 'app' };
  await fleet.sweepUntil(start + 30 * MINUTE);
  fleet.credentials = credentials;
  await fleet.sweepUntil(start + lasts);
  // The token ends during the half hour, and the last back-off lasts a quarter of an hour.
  return report("another app's credentials for half an hour", fleet, all, start, start + lasts, 35 * MINUTE);
}

async function report(what: string, fleet: Fleet, all: string[], from: number, to: number, mostDead: number) {
  const items = await Promise.all(all.map((name) => fleet.store.inner.get(name)));
  const dead = Math.max(...all.map((name) => fleet.deadSeconds(name, from, to)));
  const healed = items.filter((item) => item?.status === 'active' && item.suspectSince === undefined).length;
  return {
    what,
    connections: all.length,
    healed,
    'dead seconds': dead,
    'asked a person': fleet.alerts.filter(({ kind }) => kind === 'reconnect').length,
    holds:
      healed === all.length && dead <= mostDead && fleet.alerts.every(({ kind }) => kind !== 'reconnect'),
  };
}
