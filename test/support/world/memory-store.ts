import { createConsents } from '../../../lambdas/aws/table/consents.ts';
import { createDisconnections } from '../../../lambdas/aws/table/disconnections.ts';
import type { ItemReader } from '../../../lambdas/aws/table/item-schema.ts';
import { packTokens, unpackTokens } from '../../../lambdas/aws/table/packed-tokens.ts';
import { createReplacedTokens } from '../../../lambdas/aws/table/replaced-tokens.ts';
import { createSteps } from '../../../lambdas/aws/table/steps.ts';
import { createTokenPairs, pairOwner } from '../../../lambdas/aws/table/token-pairs.ts';
import { createUserClaims } from '../../../lambdas/aws/table/user-claims.ts';
import type { Connection, Status } from '../../../lambdas/tokens/connection.ts';
import { type Fleet, type FleetQuery, pageOf } from '../../../lambdas/tokens/fleet.ts';
import type { AppHealth } from '../../../lambdas/tokens/judgement/app-health.ts';
import { nameOrder } from '../../../lambdas/tokens/name-order.ts';
import type { Bundle } from '../../../lambdas/tokens/publication/bundle.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { StoredLink } from '../../../lambdas/tokens/store/links.ts';
import type { Cursor } from '../../../lambdas/tokens/store/pages.ts';
import type { KeyRotation } from '../../../lambdas/tokens/store/sealed-items.ts';
import type { FleetHealth } from '../../../lambdas/tokens/store/sweep-notes.ts';
import { createMemoryItems, type RequestItem } from './memory-items.ts';

/** Reads every item: the domain writes none that is damaged. */
const READER: ItemReader = {
  read: (item) => item as unknown as Connection | undefined,
  lastProblem: () => undefined,
};

/**
 * The connections table in memory. memory-store.test.ts holds it to the same contract as the real one. What needs several
 * items has the adapter's own methods, so that others run between its requests here too.
 */
export class MemoryStore implements ConnectionStore, Fleet {
  readonly #items = createMemoryItems((item) => this.changed(item));
  readonly #pairs = createTokenPairs(this.#items);
  readonly #consents = createConsents(this.#items, this.#pairs);
  readonly #steps = createSteps(this.#items, this.#pairs, READER);
  readonly #disconnections = createDisconnections(this.#items, this.#pairs);
  readonly #claims = createUserClaims(this.#items);
  readonly #replaced = createReplacedTokens(this.#items);
  /** The items as the index `due` shows them while it lags. */
  #lagging: Connection[] | undefined;
  readonly #links = new Map<string, StoredLink & { waitsUntil: number }>();
  #swept: Partial<FleetHealth & { sweptAt: number; gapFrom: number; gapTo: number; apps: string[] }> = {};
  readonly #apps = new Map<string, AppHealth>();
  #keyRotation: KeyRotation | undefined;
  readonly #bundles = new Map<string, Bundle>();

  /** Is called with each item that was written. */
  protected changed(_item: Connection): void {}

  /** Replaces what performs each request of an item. */
  set request(request: RequestItem) {
    this.#items.request = request;
  }

  /** Makes the index `due` show the items as they are now, whatever is written afterwards, until it lags no more. */
  set isLagging(isLagging: boolean) {
    this.#lagging = isLagging ? this.#all() : undefined;
  }

  /** Returns a function that restores the table to what it holds now. */
  backUp(): () => void {
    const { connections, others } = this.#items;
    const maps: Map<string, unknown>[] = [connections, others, this.#links, this.#apps, this.#bundles];
    const copies = maps.map((map) => structuredClone(map));
    const rotation = structuredClone(this.#keyRotation);
    const swept = structuredClone(this.#swept);
    return () => {
      this.#keyRotation = structuredClone(rotation);
      this.#swept = structuredClone(swept);
      for (const [index, map] of maps.entries()) {
        map.clear();
        for (const [key, value] of structuredClone(copies[index]) ?? []) map.set(key, value);
      }
    };
  }

  #all(): Connection[] {
    return [...this.#items.connections.values()];
  }

  /** Returns what an index shows of a status, in no order. */
  #shown(status: Status, by: 'dueAt' | 'validUntil'): Connection[] {
    const shown = (by === 'dueAt' && this.#lagging) || this.#all();
    return shown.filter((item) => item.status === status);
  }

  async get(connection: string) {
    return READER.read(await this.#pairs.get(connection));
  }

  async unreadable() {
    return [];
  }

  async getAll(connections: readonly string[]) {
    const found: Connection[] = [];
    for (const connection of connections) found.push(...[(await this.get(connection)) ?? []].flat());
    return found;
  }

  list() {
    return this.getAll(this.#all().map(({ connection }) => connection));
  }

  async fleetPage(query: FleetQuery) {
    return pageOf(this.#all(), query);
  }

  async due(
    status: Status,
    now: number,
    { limit, after }: Parameters<ConnectionStore['due']>[2],
  ): ReturnType<ConnectionStore['due']> {
    const { items, ...next } = this.#page(status, 'dueAt', now, limit, after);
    const entries = items.map(({ connection, app, dueAt, validUntil, suspectSince, place }) => ({
      ...{ connection, app, status, dueAt, validUntil },
      ...(suspectSince !== undefined && { suspectSince }),
      ...(place !== undefined && { place }),
    }));
    return { entries, ...next };
  }

  async expired(status: Status, before: number, { limit, after }: Parameters<ConnectionStore['expired']>[2]) {
    const { items, ...next } = this.#page(status, 'validUntil', before - 1, limit, after);
    const entries = items.map(({ connection, app, validUntil, alertedAt }) => ({
      ...{ connection, app, status, validUntil },
      ...(alertedAt !== undefined && { alertedAt }),
    }));
    return { entries, ...next };
  }

  /** A page of those in `status` whose `by` is at most `most`, in that order. */
  #page(status: Status, by: 'dueAt' | 'validUntil', most: number, limit: number, after?: Cursor) {
    const found = this.#shown(status, by)
      .filter((item) => item[by] <= most && (after === undefined || isBehind(item, by, after)))
      .sort((a, b) => a[by] - b[by] || nameOrder(a.connection, b.connection));
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const hasMore = last !== undefined && found.length > limit;
    return { items, ...(hasMore && { next: { at: last[by], connection: last.connection } }) };
  }

  async count(status: Status, most: number) {
    return Math.min(most, this.#shown(status, 'dueAt').length);
  }

  async leastValidUntil() {
    const statuses: Status[] = ['active', 'misconfigured'];
    const shown = statuses.flatMap((status) => this.#shown(status, 'validUntil'));
    const first = shown.reduce((end, { validUntil }) => Math.min(end, validUntil), Infinity);
    return first === Infinity ? null : first;
  }

  lease(...args: Parameters<ConnectionStore['lease']>) {
    return this.#steps.lease(...args);
  }

  commitConsent(...args: Parameters<ConnectionStore['commitConsent']>) {
    return this.#consents.commitConsent(...args);
  }

  noteKeptConsent(...args: Parameters<ConnectionStore['noteKeptConsent']>) {
    return this.#consents.noteKeptConsent(...args);
  }

  dropKeptConsent(...args: Parameters<ConnectionStore['dropKeptConsent']>) {
    return this.#consents.dropKeptConsent(...args);
  }

  commitRotation(...args: Parameters<ConnectionStore['commitRotation']>) {
    return this.#steps.commitRotation(...args);
  }

  settle(...args: Parameters<ConnectionStore['settle']>) {
    return this.#steps.settle(...args);
  }

  fail(...args: Parameters<ConnectionStore['fail']>) {
    return this.#steps.fail(...args);
  }

  snoozeAlert(...args: Parameters<ConnectionStore['snoozeAlert']>) {
    return this.#steps.snoozeAlert(...args);
  }

  noteAlert(...args: Parameters<ConnectionStore['noteAlert']>) {
    return this.#steps.noteAlert(...args);
  }

  retryReconnect(...args: Parameters<ConnectionStore['retryReconnect']>) {
    return this.#steps.retryReconnect(...args);
  }

  setPushTargets(...args: Parameters<ConnectionStore['setPushTargets']>) {
    return this.#steps.setPushTargets(...args);
  }

  setPlaces(...args: Parameters<ConnectionStore['setPlaces']>) {
    return this.#steps.setPlaces(...args);
  }

  release(...args: Parameters<ConnectionStore['release']>) {
    return this.#steps.release(...args);
  }

  beginDisconnect(...args: Parameters<ConnectionStore['beginDisconnect']>) {
    return this.#disconnections.beginDisconnect(...args);
  }

  leaseDisconnected(...args: Parameters<ConnectionStore['leaseDisconnected']>) {
    return this.#disconnections.leaseDisconnected(...args);
  }

  leaveDisconnect(...args: Parameters<ConnectionStore['leaveDisconnect']>) {
    return this.#disconnections.leaveDisconnect(...args);
  }

  finishDisconnect(...args: Parameters<ConnectionStore['finishDisconnect']>) {
    return this.#disconnections.finishDisconnect(...args);
  }

  claimUser(...args: Parameters<ConnectionStore['claimUser']>) {
    return this.#claims.claimUser(...args);
  }

  holderOf(...args: Parameters<ConnectionStore['holderOf']>) {
    return this.#claims.holderOf(...args);
  }

  claimant(...args: Parameters<ConnectionStore['claimant']>) {
    return this.#claims.claimant(...args);
  }

  async createLink(link: Parameters<ConnectionStore['createLink']>[0]) {
    this.#links.set(link.id, { ...link, waitsUntil: link.expiresAt });
  }

  async link(id: string) {
    const stored = this.#links.get(id);
    if (!stored) return undefined;
    const { waitsUntil: _, ...link } = stored;
    return link;
  }

  async redeemLink(id: string, usedAt: number, until: number) {
    const link = this.#links.get(id);
    if (!link || link.end || link.usedAt !== undefined) return false;
    this.#links.set(id, { ...link, usedAt, waitsUntil: until });
    return true;
  }

  async claimConsent(...[id, claim]: Parameters<ConnectionStore['claimConsent']>) {
    const link = this.#links.get(id);
    if (!link || !isFreeFor(link, claim.owner)) return false;
    this.#links.set(id, { ...link, claim });
    return true;
  }

  async releaseConsent(id: string, owner: string) {
    const link = this.#links.get(id);
    if (!link || link.end || link.claim?.owner !== owner) return;
    const { claim: _, ...released } = link;
    this.#links.set(id, released);
  }

  async endConsent(...[id, owner, end]: Parameters<ConnectionStore['endConsent']>) {
    const link = this.#links.get(id);
    if (!link || !isFreeFor(link, owner)) return undefined;
    this.#links.set(id, { ...link, end });
    return link.connection;
  }

  async openLinks(now: number, { limit, after }: Parameters<ConnectionStore['openLinks']>[1]) {
    const all = [...this.#links.values()]
      .filter(({ end, waitsUntil }) => end === undefined && waitsUntil > now)
      .sort((a, b) => a.waitsUntil - b.waitsUntil || nameOrder(a.id, b.id));
    const from = after ? all.findIndex(({ id }) => id === after.id) + 1 : 0;
    const links = all.slice(from, from + limit).map(({ waitsUntil: _, ...link }) => link);
    const last = links.at(-1);
    return { links, ...(last && all.at(-1)?.id !== last.id && { next: { id: last.id } }) };
  }

  async reuseHealthCheck(
    ...[sweptAt, { checkedAfter, ...changed }]: Parameters<ConnectionStore['reuseHealthCheck']>
  ) {
    if (!((this.#swept.checkedAt ?? 0) > checkedAfter)) return undefined;
    const expired = 'leastValidUntil' in changed && { ...changed, checkedAt: 0 };
    this.#swept = { ...this.#swept, sweptAt, ...expired };
    return this.#swept as FleetHealth;
  }

  async expireHealthCheck() {
    this.#swept = { ...this.#swept, checkedAt: 0 };
  }

  async recordHealthCheck(sweptAt: number, health: FleetHealth) {
    this.#swept = { ...this.#swept, ...health, sweptAt };
  }

  async noteGap(gapFrom: number, gapTo: number) {
    this.#swept = { ...this.#swept, gapFrom, gapTo };
  }

  async lastGap(since: number) {
    return (this.#swept.gapTo ?? 0) > since ? this.#swept.gapFrom : undefined;
  }

  keepReplaced(...args: Parameters<ConnectionStore['keepReplaced']>) {
    return this.#replaced.keepReplaced(...args);
  }

  replaced(connection: string) {
    return this.#replaced.replaced(connection);
  }

  dropReplaced(connection: string) {
    return this.#replaced.dropReplaced(connection);
  }

  async sealed({ limit, after = '' }: Parameters<ConnectionStore['sealed']>[0]) {
    const all = [...this.#items.connections, ...this.#items.others]
      .map(([key, { sealedTokens }]) => ({
        ...{ key, connection: key.slice(key.indexOf('#') + 1) },
        sealedTokens: String(unpackTokens(sealedTokens) ?? ''),
      }))
      .filter(({ key }) => key > after)
      .sort((a, b) => nameOrder(a.key, b.key));
    const read = all.slice(0, limit);
    const last = read.at(-1);
    return {
      items: read.filter(({ sealedTokens }) => sealedTokens !== ''),
      ...(last && read.length < all.length && { next: last.key }),
    };
  }

  async reseal(...[{ key, sealedTokens: before }, sealedTokens]: Parameters<ConnectionStore['reseal']>) {
    const stored = (text: string) => (pairOwner(key) === undefined ? text : packTokens(text));
    const written = await this.#items.update(key, {
      set: 'SET #sealedTokens = :sealedTokens',
      values: { sealedTokens: stored(sealedTokens), before: stored(before) },
      condition: '#sealedTokens = :before',
    });
    return written !== undefined;
  }

  async keyRotation() {
    return structuredClone(this.#keyRotation);
  }

  async putKeyRotation(rotation: KeyRotation) {
    if (this.#keyRotation && this.#keyRotation.revision !== rotation.revision - 1) return false;
    this.#keyRotation = structuredClone(rotation);
    return true;
  }

  async appHealth(app: string) {
    return structuredClone(this.#apps.get(app));
  }

  async putAppHealth(app: string, health: AppHealth) {
    if ((this.#apps.get(app)?.revision ?? health.revision - 1) !== health.revision - 1) return false;
    this.#apps.set(app, structuredClone(health));
    return true;
  }

  async bundle(name: string) {
    return structuredClone(this.#bundles.get(name));
  }

  async putBundle(bundle: Bundle) {
    if ((this.#bundles.get(bundle.bundle)?.revision ?? bundle.revision - 1) !== bundle.revision - 1)
      return false;
    this.#bundles.set(bundle.bundle, structuredClone(bundle));
    return true;
  }

  async knownApps() {
    return this.#swept.apps;
  }

  async noteApps(apps: readonly string[]) {
    this.#swept = { ...this.#swept, apps: [...apps] };
  }

  async sweptAt() {
    return this.#swept.sweptAt;
  }
}

const isBehind = (item: Connection, by: 'dueAt' | 'validUntil', { at, connection }: Cursor) =>
  item[by] > (at as number) || (item[by] === at && item.connection > (connection as string));

/** Returns whether the link's consent has not ended and is claimed by no other owner. */
const isFreeFor = ({ claim, end }: StoredLink, owner: string) =>
  end === undefined && (claim === undefined || claim.owner === owner);
