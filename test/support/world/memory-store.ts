import type { StoredItem } from '../../../lambdas/aws/table/item-schema.ts';
import {
  isAhead,
  isInForce,
  pairOf,
  withoutTokens,
  withPair,
} from '../../../lambdas/aws/table/token-pairs.ts';
import type { Connection, PushTarget, Status } from '../../../lambdas/tokens/connection.ts';
import { type Fleet, type FleetQuery, pageOf } from '../../../lambdas/tokens/fleet.ts';
import type { AppHealth } from '../../../lambdas/tokens/judgement/app-health.ts';
import { nameOrder } from '../../../lambdas/tokens/name-order.ts';
import type { Bundle } from '../../../lambdas/tokens/publication/bundle.ts';
import { NEVER } from '../../../lambdas/tokens/schedule.ts';
import type {
  ConnectionStore,
  Cursor,
  FleetHealth,
  KeyRotation,
  OtherCredentials,
  StoredLink,
} from '../../../lambdas/tokens/store.ts';

/** The connections table in memory. memory-store.test.ts holds it to the same contract as the real one. */
export class MemoryStore implements ConnectionStore, Fleet {
  /** The items of the connections: without tokens once these are in `#pairs`, and behind them after a routine rotation. */
  readonly #items = new Map<string, Connection>();
  readonly #pairs = new Map<string, StoredItem>();
  /** The items as the index `due` shows them while it lags. */
  #lagging: Connection[] | undefined;
  readonly #links = new Map<string, StoredLink & { waitsUntil: number }>();
  readonly #claims = new Map<string, { heldBy: string; until: number }>();
  #swept: Partial<FleetHealth & { sweptAt: number; gapFrom: number; gapTo: number }> = {};
  readonly #apps = new Map<string, AppHealth>();
  #keyRotation: KeyRotation | undefined;
  readonly #bundles = new Map<string, Bundle>();
  readonly #replaced = new Map<string, { sealedTokens: string; expiresAt: number }>();

  #put(item: Connection): void {
    this.#items.set(item.connection, item);
    this.changed(item);
  }

  /** Is called with each item that was written. */
  protected changed(_item: Connection): void {}

  /** Changes the item if the condition holds. Returns a copy, as a table does, or `undefined`. */
  #update(
    name: string,
    holds: (item: Connection) => boolean,
    change: (item: Connection) => Partial<Connection>,
    remove: (keyof Connection)[] = [],
  ): Connection | undefined {
    const item = this.#items.get(name);
    if (!item || !holds(item)) return undefined;
    const changed = { ...item, ...change(item) };
    for (const attribute of remove) delete changed[attribute];
    this.#put(changed);
    return { ...changed };
  }

  /** Makes the index `due` show the items as they are now, whatever is written afterwards, until it lags no more. */
  set isLagging(isLagging: boolean) {
    this.#lagging = isLagging ? [...this.#items.values()] : undefined;
  }

  /** Returns a function that restores the table to what it holds now. */
  backUp(): () => void {
    const maps: Map<string, unknown>[] = [
      this.#items,
      this.#pairs,
      this.#links,
      this.#claims,
      this.#replaced,
    ];
    const copies = maps.map((map) => structuredClone(map));
    const rotation = structuredClone(this.#keyRotation);
    return () => {
      this.#keyRotation = structuredClone(rotation);
      for (const [index, map] of maps.entries()) {
        map.clear();
        for (const [key, value] of structuredClone(copies[index]) ?? []) map.set(key, value);
      }
    };
  }

  #inOrder(status: Status, by: 'dueAt' | 'validUntil'): Connection[] {
    const shown = (by === 'dueAt' && this.#lagging) || [...this.#items.values()];
    const found = shown.filter((item) => item.status === status);
    return found.sort((a, b) => a[by] - b[by] || nameOrder(a.connection, b.connection));
  }

  async get(connection: string) {
    return this.#joined(this.#items.get(connection));
  }

  async getAll(connections: readonly string[]) {
    return connections.flatMap((connection) => this.#joined(this.#items.get(connection)) ?? []);
  }

  #joined(item: Connection | undefined): Connection | undefined {
    if (!item) return undefined;
    return { ...withPair(item as unknown as StoredItem, this.#pairs.get(item.connection)) } as never;
  }

  /**
   * Makes every rotation that is under way commit to the connection's item, and makes that know of the last routine one.
   * @param askedAt of a new lease: what the holder before asked Zoom for is stored
   */
  #close(name: string, askedAt?: number): void {
    const item = this.#items.get(name);
    const pair = this.#pairs.get(name);
    if (!item || !pair) return;
    this.#pairs.set(name, { ...pair, isClosed: true });
    if (!isAhead(item as unknown as StoredItem, pair)) return;
    const version = Number(pair.version);
    this.#put({ ...item, version, ...(askedAt !== undefined && { askedAt }) });
  }

  /** Moves the tokens of a connection's item to its pair. */
  #move(name: string): void {
    const item = this.#items.get(name) as unknown as StoredItem | undefined;
    if (!item?.sealedTokens) return;
    const pair = this.#pairs.get(name);
    if (!pair || !isInForce(item, pair)) this.#pairs.set(name, pairOf(item));
    this.#put(withoutTokens(item) as unknown as Connection);
  }

  async unreadable() {
    return [];
  }

  async list() {
    return [...this.#items.values()].map((item) => this.#joined(item) as Connection);
  }

  async fleetPage(query: FleetQuery) {
    return pageOf([...this.#items.values()], query);
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
    const all = this.#inOrder(status, by).filter((item) => item[by] <= most);
    const from = after ? all.findIndex((item) => isBehind(item, by, after)) : 0;
    const items = from === -1 ? [] : all.slice(from, from + limit);
    const last = items.at(-1);
    const hasMore = last !== undefined && all.at(-1) !== last;
    return { items, ...(hasMore && { next: { at: last[by], connection: last.connection } }) };
  }

  async count(status: Status, most: number) {
    return Math.min(most, this.#inOrder(status, 'dueAt').length);
  }

  async leastValidUntil() {
    const statuses: Status[] = ['active', 'misconfigured'];
    const ends = statuses.flatMap((status) =>
      this.#inOrder(status, 'validUntil')
        .slice(0, 1)
        .map(({ validUntil }) => validUntil),
    );
    return ends.length === 0 ? null : Math.min(...ends);
  }

  async lease(connection: string, lease: Parameters<ConnectionStore['lease']>[1]) {
    const { owner, until, now, early, inReconnect = false, inAnyStatus = false } = lease;
    const leased = this.#update(
      connection,
      (item) =>
        (inAnyStatus ||
          (inReconnect && item.status === 'reconnect') ||
          item.status === 'active' ||
          item.status === 'misconfigured') &&
        (early || item.dueAt <= now) &&
        (item.leaseUntil === undefined || item.leaseUntil <= now || item.leaseOwner === owner),
      ({ askedAt = now }) => ({ leaseOwner: owner, leaseUntil: until, askedAt }),
    );
    if (!leased) return undefined;
    if (leased.askedAt !== now) this.#close(connection, now);
    return this.#joined(this.#items.get(connection));
  }

  async commitConsent(...[consent, seen]: Parameters<ConnectionStore['commitConsent']>) {
    const { connection, consentedAt } = consent;
    this.#close(connection);
    const previous = this.#joined(this.#items.get(connection));
    const isOtherUser =
      previous?.zoomUserId !== undefined &&
      previous.status !== 'disconnected' &&
      previous.zoomUserId !== consent.zoomUserId;
    const newest = Math.max(previous?.consentedAt ?? 0, previous?.disconnectedAt ?? 0);
    const hasCrossed = previous && previous.generation !== seen && (newest > consentedAt || isOtherUser);
    if (hasCrossed || previous?.consentId === consent.consentId) return { ...previous } as Connection;
    const kept: Partial<Connection> = { ...previous };
    for (const past of RESET) delete kept[past];
    if (consent.place !== undefined) delete kept.noRoomIn;
    const item: Connection = {
      publishedVersion: 0,
      validUntil: 0,
      ...kept,
      ...consent,
      status: 'active',
      rotatedAt: consentedAt,
      dueAt: consentedAt,
      failures: 0,
      generation: (previous?.generation ?? 0) + 1,
      version: (previous?.version ?? 0) + 1,
    };
    this.#put(item);
    return { ...item };
  }

  async noteKeptConsent(...[connection, keptConsent, dueAt]: Parameters<ConnectionStore['noteKeptConsent']>) {
    const isConnected = ({ status }: Connection) => status !== 'disconnected';
    const change = () => ({ keptConsent, dueAt, status: 'active' as const });
    return this.#update(connection, isConnected, change) !== undefined;
  }

  async dropKeptConsent({ connection, keptConsent }: Connection) {
    const isSame = (item: Connection) => item.keptConsent?.consentId === keptConsent?.consentId;
    this.#update(connection, isSame, () => ({}), ['keptConsent']);
  }

  async commitRotation(...[of, rotation, how]: Parameters<ConnectionStore['commitRotation']>) {
    const version = of.version + 1;
    const pair = this.#pairs.get(of.connection);
    const isOvertaken = pair?.generation === of.generation && Number(pair.version) > of.version;
    if (how?.isRoutine && isOvertaken) return undefined;
    const isInUse = pair?.generation === of.generation && pair.version === of.version && !pair.isClosed;
    if (how?.isRoutine && isInUse) {
      this.#pairs.set(of.connection, { ...pair, ...rotation, version });
      const { askedAt: _, ...stored } = { ...of, ...rotation, dueAt: rotation.rotatedAt, version };
      return stored;
    }
    const { clientId, scope } = of;
    return this.#update(
      of.connection,
      isUnchanged(of),
      () => ({
        ...(clientId !== undefined && { clientId }),
        ...(scope !== undefined && { scope }),
        ...rotation,
        dueAt: rotation.rotatedAt,
        status: 'active',
        failures: 0,
        version,
      }),
      ['lastError', 'failingSince', 'suspectSince', 'refusals', 'askedAt', 'lostAt'],
    );
  }

  async settle(of: Connection, settled: Parameters<ConnectionStore['settle']>[1]) {
    const change = () => ({
      ...settled,
      status: 'active' as const,
      version: of.version,
      publishedVersion: of.version,
      failures: 0,
    });
    const released: (keyof Connection)[] = ['leaseOwner', 'leaseUntil', 'lastError', 'failingSince'];
    if (settled.askedAt === undefined) released.push('askedAt');
    if (settled.measureAt === undefined) released.push('measureAt');
    const settledItem = this.#update(of.connection, isHeld(of), change, released);
    if (settledItem) this.#move(of.connection);
    return settledItem !== undefined;
  }

  async fail(of: Connection, failure: Parameters<ConnectionStore['fail']>[1]) {
    const released: (keyof Connection)[] = ['leaseOwner', 'leaseUntil'];
    if (failure.askedAt === undefined) released.push('askedAt');
    if (of.status !== 'reconnect' && failure.status === 'reconnect') released.push('alertedAt');
    return (
      this.#update(of.connection, isHeld(of), () => ({ ...failure, version: of.version }), released) !==
      undefined
    );
  }

  async snoozeAlert(of: Connection, alert: { dueAt: number; alertedAt: number }) {
    return this.#update(of.connection, isWaiting(of), () => alert) !== undefined;
  }

  async noteAlert(of: Connection, alertedAt: number | undefined) {
    const isSame = isUnchanged(of);
    const change = () => (alertedAt === undefined ? {} : { alertedAt });
    const removed: (keyof Connection)[] = alertedAt === undefined ? ['alertedAt'] : [];
    return this.#update(of.connection, isSame, change, removed) !== undefined;
  }

  async retryReconnect(of: Connection, dueAt: number) {
    return this.#update(of.connection, isWaiting(of), () => ({ dueAt })) !== undefined;
  }

  async setPushTargets(of: Connection, targets: PushTarget[], others: OtherCredentials = {}) {
    const lists = Object.entries({ targets, ...others });
    const filled = Object.fromEntries(lists.filter(([, list]) => list.length > 0));
    const emptied = lists.filter(([, list]) => list.length === 0).map(([name]) => name);
    const remove = emptied as (keyof Connection)[];
    const change = () => ({ ...filled, version: of.version });
    return this.#update(of.connection, isHeld(of), change, remove) !== undefined;
  }

  async setPlaces(of: Connection, places: Parameters<ConnectionStore['setPlaces']>[1], dueAt: number) {
    const change = () => ({ ...places, publishedVersion: 0, dueAt, version: of.version });
    return this.#update(of.connection, isHeld(of), change, ['noRoomIn']) !== undefined;
  }

  async beginDisconnect(connection: string, by: Parameters<ConnectionStore['beginDisconnect']>[1]) {
    const { owner, until, now, disconnectedAt, generation: expected, revokedAt } = by;
    this.#close(connection);
    const held = this.#update(
      connection,
      ({ generation, leaseUntil, leaseOwner }) =>
        (expected === undefined || generation === expected) &&
        (leaseUntil === undefined || leaseUntil <= now || leaseOwner === owner),
      ({ generation, version }) => ({
        status: 'disconnected',
        disconnectedAt,
        ...(revokedAt !== undefined && { revokedAt }),
        leaseOwner: owner,
        leaseUntil: until,
        dueAt: until,
        failures: 0,
        generation: generation + 1,
        version: version + 1,
      }),
    );
    return this.#joined(held);
  }

  async leaseDisconnected(connection: string, by: Parameters<ConnectionStore['leaseDisconnected']>[1]) {
    const { owner, until, now } = by;
    const held = this.#update(
      connection,
      ({ status, dueAt, leaseUntil, leaseOwner }) =>
        status === 'disconnected' &&
        dueAt <= now &&
        (leaseUntil === undefined || leaseUntil <= now || leaseOwner === owner),
      () => ({ leaseOwner: owner, leaseUntil: until }),
    );
    return this.#joined(held);
  }

  async leaveDisconnect(of: Connection, left: Parameters<ConnectionStore['leaveDisconnect']>[1]) {
    return this.#update(of.connection, isHeld(of), () => left, ['leaseOwner', 'leaseUntil']) !== undefined;
  }

  async finishDisconnect(of: Connection, withdrawal: Parameters<ConnectionStore['finishDisconnect']>[1]) {
    const written = ['revokedAt', 'secretDeletedAt', 'lastError'] as const;
    const unset = written.filter((name) => withdrawal[name] === undefined);
    const ended = this.#update(
      of.connection,
      ({ version }) => version === of.version,
      () => ({
        ...withdrawal,
        sealedTokens: '',
        publishedVersion: 0,
        validUntil: 0,
        failures: 0,
        dueAt: NEVER,
      }),
      ['leaseOwner', 'leaseUntil', 'askedAt', 'measureAt', 'keptConsent', 'oldPlaces', 'noRoomIn', ...unset],
    );
    const { sealedTokens: _, ...pair } = this.#pairs.get(of.connection) ?? {};
    if (ended && pair.version !== undefined) this.#pairs.set(of.connection, pair);
    return this.#joined(ended);
  }

  async release(of: Connection, { isUnfinished } = { isUnfinished: false }) {
    const isMine = ({ leaseOwner }: Connection) => leaseOwner === of.leaseOwner;
    const released: (keyof Connection)[] = ['leaseOwner', 'leaseUntil'];
    if (!isUnfinished) released.push('askedAt');
    this.#update(of.connection, isMine, () => ({}), released);
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

  async holderOf(app: string, zoomUserId: string, now: number) {
    return this.#holderOf(app, zoomUserId, now);
  }

  #holderOf(app: string, zoomUserId: string, now: number): string | undefined {
    const claim = this.#claims.get(`${app}/${zoomUserId}`);
    if (!claim) return undefined;
    const holder = this.#items.get(claim.heldBy);
    const isHeld = holder
      ? holder.zoomUserId === zoomUserId && holder.app === app && holder.status !== 'disconnected'
      : claim.until > now;
    return isHeld ? claim.heldBy : undefined;
  }

  async claimUser(
    ...[app, zoomUserId, connection, { now, until, from }]: Parameters<ConnectionStore['claimUser']>
  ) {
    const holder = this.#holderOf(app, zoomUserId, now);
    if (holder !== undefined && holder !== connection && holder !== from) return holder;
    this.#claims.set(`${app}/${zoomUserId}`, { heldBy: connection, until });
    return connection;
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

  async keepReplaced(connection: string, tokens: { sealedTokens: string; expiresAt: number }) {
    this.#replaced.set(connection, { ...tokens });
  }

  async replaced(connection: string) {
    return this.#replaced.get(connection);
  }

  async dropReplaced(connection: string) {
    this.#replaced.delete(connection);
  }

  /** Every map that holds sealed tokens, and the prefix of its items' keys. */
  get #sealed(): [string, Map<string, { sealedTokens?: unknown }>][] {
    return [
      ['', this.#items],
      ['replaced#', this.#replaced],
      ['tokens#', this.#pairs as Map<string, { sealedTokens?: unknown }>],
    ];
  }

  async sealed({ limit, after = '' }: Parameters<ConnectionStore['sealed']>[0]) {
    const all = this.#sealed
      .flatMap(([prefix, map]) => [...map].map(([connection, item]) => ({ prefix, connection, item })))
      .map(({ prefix, connection, item: { sealedTokens } }) => ({
        ...{ key: `${prefix}${connection}`, connection },
        sealedTokens: String(sealedTokens ?? ''),
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

  async reseal(
    ...[{ key, connection, sealedTokens: before }, sealedTokens]: Parameters<ConnectionStore['reseal']>
  ) {
    const [, map] = this.#sealed.find(([prefix]) => key === `${prefix}${connection}`) ?? [];
    const item = map?.get(connection);
    if (!map || item?.sealedTokens !== before) return false;
    map.set(connection, { ...item, sealedTokens });
    return true;
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

  async sweptAt() {
    return this.#swept.sweptAt;
  }

  async claimant(app: string, zoomUserId: string) {
    return this.#claims.get(`${app}/${zoomUserId}`)?.heldBy;
  }
}

/** Attributes that a consent removes unless it sets them. */
const RESET = [
  'scope',
  'zoomUserId',
  'zoomAccountId',
  'lastError',
  'failingSince',
  'suspectSince',
  'refusals',
  'alertedAt',
  'lostAt',
  'measureAt',
  'keptConsent',
  'disconnectedAt',
  'revokedAt',
  'secretDeletedAt',
] as const;

const isBehind = (item: Connection, by: 'dueAt' | 'validUntil', { at, connection }: Cursor) =>
  item[by] > (at as number) || (item[by] === at && item.connection > (connection as string));

/** The item learns of a routine rotation with the end of its step, and has an earlier version until then. */
const isUnchanged = (of: Connection) => (item: Connection) =>
  item.generation === of.generation && item.version <= of.version;

const isWaiting = (of: Connection) => (item: Connection) =>
  isUnchanged(of)(item) && item.status === 'reconnect';

const isHeld = (of: Connection) => (item: Connection) =>
  isUnchanged(of)(item) && item.leaseOwner === of.leaseOwner;

/** Returns whether the link's consent has not ended and is claimed by no other owner. */
const isFreeFor = ({ claim, end }: StoredLink, owner: string) =>
  end === undefined && (claim === undefined || claim.owner === owner);
