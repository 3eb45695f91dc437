import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { World } from '../world/world.ts';
import type { Invocation } from './function.ts';

/** A connection of another Zoom user, in whose link the Zoom user of `main` consents. */
export const ELSEWHERE = 'another';

/** A consent elsewhere to which Zoom has granted tokens. */
interface Consent {
  /** By the clock of its function, epoch seconds. */
  consentedAt: number;
  /** When its access token expires, epoch seconds. */
  expiresAt: number;
  /** Whether it is kept until Zoom says by whom it was given. */
  isKept: boolean;
  /** Whether it was not stored here that `main` has this Zoom user. */
  isUnknown: boolean;
}

/** Observes the consents of the Zoom user of `main` in a link for another connection. They renew `main`. */
export class ConsentsElsewhere {
  readonly #world: World;
  /** The generation of the other connection; `undefined` in a world without it. */
  #generation: number | undefined;
  #last: Consent | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Connects the other user, so often that its generation is one that `main` comes to have. */
  async connectOther(): Promise<void> {
    await this.#world.connect(ELSEWHERE);
    await this.#world.connect(ELSEWHERE);
    this.#generation = (await this.#world.item(ELSEWHERE)).generation;
  }

  granted(by: Invocation, at: number): void {
    const consentedAt = by.clock(at);
    this.#last = { consentedAt, expiresAt: at + 3600, isKept: false, isUnknown: false };
  }

  async performed(by: Invocation, point: string): Promise<void> {
    if (by.name !== 'consent elsewhere' || !this.#last) return;
    const item = await this.#world.store.get('main');
    if (item?.zoomUserId !== 'main') this.#last.isUnknown = true;
    if (point === 'rescue.put') this.#last.isKept = true;
  }

  /** Checks that the connection of the link gets no tokens of a consent elsewhere. */
  async check(): Promise<void> {
    if (this.#generation === undefined) return;
    const { generation, zoomUserId } = await this.#world.item(ELSEWHERE);
    if (generation !== this.#generation || zoomUserId !== ELSEWHERE)
      throw new Error('elsewhere: the connection of the link has the tokens of another user');
  }

  /**
   * Returns whether the last consent elsewhere rightly changed nothing: it was not known whose it was, or it was not known in
   * time, or it passes for older than an earlier consent, by the clocks of the two functions.
   */
  isExcused(item: Connection): boolean {
    if (!this.#last) return false;
    const { consentedAt, expiresAt, isKept, isUnknown } = this.#last;
    return isUnknown || item.consentedAt > consentedAt || (isKept && expiresAt <= this.#world.time);
  }
}
