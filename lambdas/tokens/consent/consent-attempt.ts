import { randomUUID } from 'node:crypto';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import type { ConsentEnd } from '../store/links.ts';
import { consentInterrupted } from './link-outcome.ts';
import type { PendingConsent } from './pending-consent.ts';

/** A failure after which the consent cannot go on. Its cookie is useless, and a new link is needed. */
export class ConsentOver extends Failure {
  constructor({
    class: failureClass,
    code,
    message,
    action,
  }: Pick<Failure, 'class' | 'code' | 'message' | 'action'>) {
    super(failureClass, code, message, action);
  }
}

/** One callback's attempt to finish a consent. It makes sure that the authorization code is sent to Zoom once. */
export interface ConsentAttempt {
  /** Claims the code before it is sent. Returns false if another callback has claimed or ended the consent. */
  claim(): Promise<boolean>;
  /** Returns the claim, because Zoom has not acted on the code. A later callback may send it. */
  release(): Promise<void>;
  connected(connection: string): Promise<void>;
  /**
   * Ends the consent unless a later callback can finish it: before the claim nothing is spent, so only a refusal is final.
   * Returns the error to throw.
   */
  failed(error: unknown): Promise<unknown>;
}

/** @param deadline when the function ends, epoch seconds */
export function startConsentAttempt(
  { link, connection }: Pick<PendingConsent, 'link' | 'connection'>,
  { store, now, log }: Pick<Dependencies, 'store' | 'now' | 'log'>,
  deadline: number,
): ConsentAttempt {
  const owner = randomUUID();
  let isClaimed = false;

  /** Not retried: without the record, `outcomeOf` derives the outcome from the claim and the connection. */
  const end = async (ended: ConsentEnd) => {
    try {
      await store.endConsent(link, owner, ended);
    } catch (error) {
      log.warn(`The end of a consent was not recorded. ${toFailure(error).message}`, { connection });
    }
  };

  return {
    async claim() {
      isClaimed = await store.claimConsent(link, { owner, until: deadline });
      return isClaimed;
    },
    async release() {
      await store.releaseConsent(link, owner);
      isClaimed = false;
    },
    connected: (target) => end({ kind: 'connected', connection: target, at: now() }),
    async failed(error) {
      const isFinal = isClaimed || (error instanceof Failure && error.class === 'rejected');
      if (!isFinal) return error;
      const failure = error instanceof Failure ? error : consentInterrupted();
      await end({ kind: 'failed', error: toFailure(failure), at: now() });
      return error instanceof Failure ? new ConsentOver(failure) : error;
    },
  };
}
