import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { OVERWRITTEN } from '../../../lambdas/tokens/disconnect/overwrite-pushed.ts';
import { bundleOf, type Place, placesAt } from '../../../lambdas/tokens/publication/place.ts';
import { NEVER } from '../../../lambdas/tokens/schedule.ts';
import type { World } from '../world/world.ts';
import { ConsentsElsewhere } from './elsewhere.ts';
import type { Invocation, Observer } from './function.ts';
import { LostResponses } from './lost-responses.ts';

/** A token set that Zoom issued. */
interface Issued {
  /** Position in the order of issue. */
  order: number;
  accessToken: string;
  refreshToken: string;
  at: number;
  expiresAt: number;
  to: Invocation | undefined;
  /** Whether the response was lost, so that no function has seen the tokens. */
  isLost: boolean;
}

/** The most by which a function's clock differs from Zoom's, seconds. */
export const MOST_SKEW_SECONDS = 60;
const EDITED = 'edited by hand';
/** The places where `main` may be published. */
const PLACES: Place[] = ['own', 'bundle_team'];

/** Observes a world with the one connection `main`, and throws as soon as a promise is broken. */
export class Witness implements Observer {
  readonly #world: World;
  readonly #running: () => Invocation[];
  readonly #issued: Issued[] = [];
  readonly #lostResponses = new LostResponses();
  readonly elsewhere: ConsentsElsewhere;
  readonly #committed = new Set<number>();
  #stored: { sealed: string; order: number; version: number; generation: number } | undefined;
  /** The value in each place in which it may be published, and the position of that token. */
  readonly #published = new Map<Place, { value: string; order: number }>(
    PLACES.map((place) => [place, { value: '', order: -1 }]),
  );
  /** Whether the user removed the app and has not consented since. */
  #isDeauthorized = false;
  /** When the user last removed the app, epoch seconds. */
  deauthorizedAt: number | undefined;
  #wasOverdue = false;
  /** Whether the table was restored. The refresh tokens of the backup may be spent, and what was published since stays. */
  #isRestored = false;
  /** The generation that is disconnected in the restored table, which does not know what a later consent has published. */
  #restored: number | undefined;
  /** Set while the connection is disconnected: as of when, after which consent, and after how many token sets. */
  #disconnected: { at: number; consentId: string; generation: number; issued: number } | undefined;

  /** @param running the invocations under way */
  constructor(world: World, running: () => Invocation[]) {
    this.#world = world;
    this.#running = running;
    this.elsewhere = new ConsentsElsewhere(world);
  }

  async performed(by: Invocation, point: string, response: unknown, isLost: boolean): Promise<void> {
    if (by.isOverdue(this.#world.time)) this.#wasOverdue = true;
    if (point === 'zoom.token') {
      this.#noteRequest(by, (response as Response).ok, isLost);
      await this.noteIssued(response as Response, by, isLost);
    }
    await this.elsewhere.performed(by, point);
    await this.check();
  }

  #noteRequest(by: Invocation, isGranted: boolean, isLost: boolean): void {
    const { zoom, time } = this.#world;
    const isMains = by.isConsent || zoom.lastRefreshed === 'main';
    if (isMains && !this.#wasOverdue) this.#lostResponses.requested(by, time, { isGranted, isLost });
  }

  async noteIssued(response: Response, to: Invocation | undefined, isLost: boolean): Promise<void> {
    if (!response.ok) return;
    const body = (await response.clone().json()) as Record<string, string>;
    const { access_token: accessToken = '', refresh_token: refreshToken = '' } = body;
    // The other member of the bundle has promises of its own.
    if (!accessToken.startsWith('access-main-')) return;
    const at = this.#world.time;
    const order = this.#issued.length;
    this.#issued.push({ order, accessToken, refreshToken, at, expiresAt: at + 3600, to, isLost });
    if (to?.name === 'consent elsewhere') this.elsewhere.granted(to, at);
    this.#isDeauthorized = false;
  }

  /** Returns a function that takes note that the table is again as it is now: later versions are forgotten, and may come again. */
  backUp(): () => void {
    const [stored, disconnected] = [this.#stored && { ...this.#stored }, this.#disconnected];
    return () => {
      this.#stored = stored;
      this.#disconnected = disconnected;
      for (const published of this.#published.values()) published.order = -1;
      this.#isRestored = true;
      this.#restored = disconnected?.generation;
      this.#lostResponses.forget();
    };
  }

  deauthorize(): void {
    this.#world.zoom.deauthorize('main');
    this.#isDeauthorized = true;
    this.deauthorizedAt = Math.floor(this.#world.time);
  }

  editByHand(): void {
    const { published } = this.#world.vault;
    if (published.has('main')) published.set('main', { value: EDITED, versionId: EDITED });
  }

  /** Checks the promises that hold at every moment. */
  async check(): Promise<void> {
    this.#checkSingleFlight();
    await this.#checkStored();
    await this.#checkPublished();
    await this.#checkNeighbour();
    await this.elsewhere.check();
  }

  /** Checks that no publication has removed the other member of the bundle, nor kept an older token of it. */
  async #checkNeighbour(): Promise<void> {
    const item = await this.#world.store.get('neighbour');
    if (!item || item.publishedVersion === 0 || this.#wasOverdue) return;
    const value = this.#world.published('neighbour');
    if (value === undefined) throw new Error('bundle: the other member was removed');
    // A restored item says what was published at the time of the backup.
    if (item.publishedVersion !== item.version || this.#isRestored) return;
    if (value !== (await this.#world.tokens('neighbour')).accessToken)
      throw new Error('bundle: the other member is not as it was published');
  }

  /**
   * Checks that there are never two refresh requests at once. The one exception is a function that still waits for Zoom
   * after its timeout, which no Lambda function does: its lease may have expired and another may have sent a request.
   */
  #checkSingleFlight(): void {
    const { zoom, time } = this.#world;
    const isExcused = this.#running().some((each) => each.point === 'zoom.token' && each.isOverdue(time));
    if (zoom.mostInFlight > 1 && !isExcused) throw new Error('single flight: two refresh requests at once');
    zoom.mostInFlight = 0;
  }

  async #checkStored(): Promise<void> {
    const item = await this.#world.store.get('main');
    if (!item) return;
    this.#checkDisconnection(item);
    const isNew = item.sealedTokens !== '' && item.sealedTokens !== this.#stored?.sealed;
    if (!isNew) {
      // A disconnection raises the version and stores no tokens.
      if (this.#stored) this.#stored.version = item.version;
      return;
    }
    const tokens = await this.#world.tokens('main');
    const issued = this.#issued.find((each) => each.refreshToken === tokens.refreshToken);
    if (issued?.accessToken !== tokens.accessToken)
      throw new Error('atomic: the stored token set is mixed from two');
    if (item.expiresAt !== tokens.expiresAt || !isExpiryOf(issued, item.expiresAt)) {
      throw new Error('atomic: the stored expiry is not that of the stored tokens');
    }
    const { version, generation } = item;
    const before = this.#stored;
    // The same tokens, sealed again. A disconnection that has just begun has raised the generation.
    if (before && issued.order === before.order && version === before.version) {
      before.sealed = item.sealedTokens;
      return;
    }
    if (before && (version !== before.version + 1 || generation < before.generation)) {
      throw new Error('atomic: new tokens without a new version');
    }
    if (before && issued.order < before.order)
      throw new Error('a newer consent wins: older tokens were stored over newer ones');
    // Clocks differ, so a consent that wins over a concurrent disconnection may be a little older than it.
    const isOlder = issued.order < (this.#disconnected?.issued ?? 0);
    if (isOlder && item.consentedAt < (this.#disconnected?.at ?? 0))
      throw new Error('disconnected: an older consent was stored');
    this.#disconnected = undefined;
    this.#committed.add(issued.order);
    this.#stored = { sealed: item.sealedTokens, order: issued.order, version, generation };
  }

  /** Checks that only a newer consent reconnects a connection, and that no published token outlives a disconnection. */
  #checkDisconnection(item: Connection): void {
    const { status, consentId, generation, sealedTokens, disconnectedAt, place, dueAt } = item;
    const before = this.#disconnected;
    if (status === 'disconnected') {
      // Its own time counts: a write that is under way for minutes still disconnects as of its beginning.
      const at = before?.at ?? disconnectedAt ?? this.#world.time;
      const issued = before?.issued ?? this.#issued.length;
      this.#disconnected = { consentId, generation, at, issued };
      // What the restored table does not know of is removed by the next disconnection.
      const isUnknown = generation === this.#restored || (this.#isRestored && dueAt !== NEVER);
      if (sealedTokens === '' && this.#isPublished(place) && !isUnknown && !this.#wasOverdue)
        throw new Error('disconnected: a token is still published');
      if (sealedTokens === '') this.#checkOverwritten(item);
      return;
    }
    if (before && (consentId === before.consentId || generation <= before.generation))
      throw new Error('disconnected: reconnected without a consent');
  }

  /** Checks that n8n has no token where it is said that it was overwritten. */
  #checkOverwritten({ targets = [] }: Connection): void {
    for (const { overwrittenAt, credentialId } of targets) {
      const isKept = this.#world.n8n.token(credentialId) !== OVERWRITTEN;
      if (overwrittenAt !== undefined && isKept && !this.#wasOverdue && !this.#isRestored)
        throw new Error('disconnected: the pushed token was not overwritten, but is said to be');
    }
  }

  /** Returns the value that n8n reads in a place; `undefined` where there is none. */
  #valueIn(place: Place): string | undefined {
    const bundle = bundleOf(place);
    return bundle === undefined
      ? this.#world.vault.published.get('main')?.value
      : this.#world.bundle(bundle)?.main;
  }

  /** Returns whether a token is published. A restored table may not know of the place that a connection had since. */
  #isPublished(place: Place = 'own'): boolean {
    return PLACES.some((each) => this.#valueIn(each) !== undefined && (!this.#isRestored || each === place));
  }

  async #checkPublished(): Promise<void> {
    for (const place of PLACES) await this.#checkPublishedIn(place);
  }

  async #checkPublishedIn(place: Place): Promise<void> {
    const value = this.#valueIn(place) ?? '';
    const published = this.#published.get(place) ?? { value: '', order: -1 };
    if (value === published.value) return;
    if (value === '') {
      const item = await this.#world.store.get('main');
      // A newer consent that is published holds its lease or has settled. No other function may remove its token.
      const isNewest = item?.status !== 'disconnected' && item?.version === item?.publishedVersion;
      const isKept = item && placesAt(item, this.#world.time + MOST_SKEW_SECONDS).includes(place);
      if (isNewest && isKept && !this.#wasOverdue && !this.#isRestored)
        throw new Error('a newer consent wins: its published token was removed');
      this.#published.set(place, { ...published, value });
      return;
    }
    const issued = this.#issued.find(({ accessToken }) => accessToken === value);
    if (!issued) {
      if (value !== EDITED) throw new Error('atomic: a published value is no token that Zoom issued');
      this.#published.set(place, { ...published, value });
      return;
    }
    if (!this.#committed.has(issued.order))
      throw new Error('loss: a token was published before it was stored');
    // A function that outlived its lease may publish its own, older token after a newer one.
    if (issued.order < published.order && !this.#wasOverdue) {
      throw new Error('an older version was published over a newer one');
    }
    this.#published.set(place, { value, order: issued.order });
  }

  /**
   * Checks the promises that hold once all faults have ended and the sweeps have run.
   * @param wasDue whether the refresh token has been needed since: only then is its death known
   */
  async checkRecovered({ wasDue }: { wasDue: boolean }): Promise<void> {
    const { store, zoom } = this.#world;
    const item = await store.get('main');
    if (!item) throw new Error('loss: the connection has vanished');
    if ((item.leaseUntil ?? 0) > this.#world.time) throw new Error('recovery: a lease was left behind');
    const tokens = await this.#world.tokens('main');
    if (!zoom.isLiving('main', tokens.refreshToken))
      return this.#checkLoss(item, wasDue ? item.status : 'reconnect');
    if (item.status !== 'active' || item.failures > 0) {
      throw new Error(`recovery: ${item.status} with a valid refresh token, ${item.failures} failures`);
    }
    if (item.publishedVersion !== item.version)
      throw new Error('recovery: the stored version is not published');
    // A restored item says that its token is published, which may have been removed since. The next rotation brings one.
    const isForgotten = this.#isRestored && !wasDue;
    for (const place of placesAt(item, this.#world.time + MOST_SKEW_SECONDS)) {
      if (isForgotten) continue;
      const value = this.#valueIn(place);
      const isWaiting = item.oldPlaces?.some((old) => old.place === place && old.waitsUntil !== undefined);
      if (value !== tokens.accessToken && value !== EDITED && !isWaiting && !this.#wasOverdue)
        throw new Error('recovery: n8n does not read the stored token');
    }
    for (const place of PLACES) {
      const isLeft = !placesAt(item, this.#world.time - MOST_SKEW_SECONDS).includes(place);
      if (isLeft && this.#valueIn(place) !== undefined && !this.#isRestored && !this.#wasOverdue)
        throw new Error('recovery: a place that it has left has a token');
    }
    if (!zoom.accepts(tokens.accessToken)) throw new Error('recovery: the stored token is dead');
    if ((await this.#world.pushed('main')) !== tokens.accessToken && !this.#wasOverdue && !isForgotten) {
      throw new Error('recovery: the stored token was not pushed to n8n');
    }
  }

  /** Checks the promises that hold once the operator has repeated a disconnection and the sweeps have run. */
  async checkDisconnected(): Promise<void> {
    const item = await this.#world.store.get('main');
    if (item?.status !== 'disconnected') throw new Error('disconnected: reconnected by a sweep');
    if (item.leaseOwner !== undefined) throw new Error('disconnected: a lease was left behind');
    if (item.sealedTokens !== '') throw new Error('disconnected: the tokens are still stored');
    if (this.#isPublished(item.place)) throw new Error('disconnected: a token is still published');
    if (item.targets?.some(({ overwrittenAt }) => overwrittenAt === undefined))
      throw new Error('disconnected: the pushed token was not overwritten');
    const stored = this.#issued[this.#stored?.order ?? -1];
    const isAlive = this.#world.zoom.isLiving('main', stored?.refreshToken);
    if (item.revokedAt !== undefined && isAlive)
      throw new Error('disconnected: reported as revoked, but the token is valid');
    if (item.revokedAt === undefined && item.lastError?.code !== 'not_revoked')
      throw new Error('disconnected: not revoked, and not reported');
  }

  /** Checks that a loss was unavoidable: a lost response, a function that ended before the commit, or the user's act. */
  #checkLoss(item: Connection, status: string): void {
    const last = this.#issued.at(-1);
    const hasEnded = last?.to?.isTimeUp && !this.#committed.has(last.order);
    const isElsewhere = last?.to?.name === 'consent elsewhere' && this.elsewhere.isExcused(item);
    if (!this.#isDeauthorized && !this.#isRestored && !last?.isLost && !hasEnded && !isElsewhere)
      throw new Error('loss: an avoidable loss');
    // Where all three connections of the world are refused, an incident is assumed, and the refusals are believed later.
    const isPostponed = item.lastError?.code === 'zoom_incident';
    if (status !== 'reconnect' && !isPostponed)
      throw new Error(`the connection is lost, but its status is ${status}`);
  }
}

/** Returns whether the stored expiry fits: it counts from a time between the function's start and Zoom's response. */
function isExpiryOf({ expiresAt, to, at }: Issued, stored: number): boolean {
  const heldFor = at - (to?.startedAt ?? at);
  return stored <= expiresAt + MOST_SKEW_SECONDS && stored >= expiresAt - heldFor - MOST_SKEW_SECONDS - 1;
}
