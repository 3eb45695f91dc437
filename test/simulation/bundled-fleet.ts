import { disconnect } from '../../lambdas/tokens/disconnect/disconnect.ts';
import { bundleOf, type Place, placeOf } from '../../lambdas/tokens/publication/place.ts';
import type { World } from '../support/world/world.ts';
import type { BundleReport } from './report.ts';

const DAY = 86_400;

/** Divides a fleet into bundles, lets a member of each leave every day, and counts the versions of their secrets. */
export class BundledFleet {
  readonly #world: World;
  readonly #report: BundleReport;
  /** The connections of each bundle. */
  readonly #members: string[][];
  /** When the versions of the last 24 hours were written, by bundle. */
  readonly #written = new Map<string, number[]>();
  #leavesAt: number;

  constructor(world: World, report: BundleReport, connections: readonly string[]) {
    this.#world = world;
    this.#report = report;
    this.#members = Array.from({ length: report.bundles }, (_, bundle) =>
      connections.filter((_connection, index) => index % report.bundles === bundle),
    );
    this.#leavesAt = world.time + DAY;
  }

  /** Returns where a new connection is published. */
  placeOf(connection: string): Place {
    return placeOf(`team_${this.#members.findIndex((members) => members.includes(connection))}`);
  }

  /** Returns the tokens that a version of a secret publishes, by connection. */
  tokensOf(secret: string, value: string): [connection: string, token: string][] {
    if (bundleOf(secret as Place) === undefined) return [[secret, value]];
    const { time } = this.#world;
    const written = [...(this.#written.get(secret) ?? []).filter((at) => at > time - DAY), time];
    this.#written.set(secret, written);
    this.#report.mostVersions = Math.max(this.#report.mostVersions, written.length);
    this.#report.refused = this.#world.vault.refused;
    return Object.entries(JSON.parse(value));
  }

  /**
   * Disconnects a member of each bundle, once a day.
   * @param deps of the operator function
   * @returns the members that have left, whose users consent again
   */
  async leave(deps: ReturnType<World['operator']>): Promise<string[]> {
    const { time } = this.#world;
    if (time < this.#leavesAt) return [];
    this.#leavesAt += DAY;
    const day = Math.floor(time / DAY);
    const gone: string[] = [];
    for (const members of this.#members) {
      const item = await this.#world.store.get(members[day % members.length] ?? '');
      if (item?.status !== 'active') continue;
      this.#report.disconnections += 1;
      gone.push(item.connection);
      const options = { deadline: this.#world.deadline, force: false };
      await disconnect(item.connection, deps, options).catch(({ code }) => {
        if (code === 'not_withdrawn') this.#report.waited += 1;
      });
    }
    return gone;
  }
}
