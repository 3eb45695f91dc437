import { AMBIGUOUS_SECONDS } from '../../../lambdas/tokens/schedule.ts';
import type { Invocation } from './function.ts';

/** Checks that no function requests a refresh while Zoom may still be working on one whose response was lost. */
export class LostResponses {
  /** When the last lost request was sent, by the clock of the function that sent it; epoch seconds. */
  #lostAt: number | undefined;

  /** Takes note of a request for tokens that Zoom got from a function. */
  requested(by: Invocation, time: number, { isGranted, isLost }: { isGranted: boolean; isLost: boolean }) {
    const now = by.clock(time);
    if (by.isConsent) {
      // What Zoom still makes of the earlier refresh token is over.
      if (isGranted && !isLost) this.#lostAt = undefined;
      return;
    }
    if (this.#lostAt !== undefined && now < this.#lostAt + AMBIGUOUS_SECONDS)
      throw new Error('lost response: Zoom may still be working on the request before');
    this.#lostAt = isLost ? now : undefined;
  }

  /** Forgets it, as a restored table does. */
  forget(): void {
    this.#lostAt = undefined;
  }
}
