import { Failure } from '../../../lambdas/tokens/errors.ts';
import type { RescuedTokens, RescueKey, RescueStore } from '../../../lambdas/tokens/rescue.ts';

/** The rescue store in memory. */
export class MemoryRescue implements RescueStore {
  /** Kept objects by the names of the objects that the real one makes. */
  readonly kept = new Map<string, RescuedTokens>();
  /** Nothing can be written, read or removed. */
  isDown = false;

  async put(key: RescueKey, tokens: RescuedTokens) {
    this.#assertUp();
    this.kept.set(nameOf(key), { ...tokens });
  }

  async get(key: RescueKey) {
    this.#assertUp();
    return this.kept.get(nameOf(key));
  }

  async remove(key: RescueKey) {
    this.#assertUp();
    this.kept.delete(nameOf(key));
  }

  #assertUp(): void {
    if (this.isDown) throw new Failure('retry', 'rescue_unreadable', 'The rescue store is down.', 'Wait.');
  }
}

const nameOf = (key: RescueKey) =>
  'consentId' in key
    ? `${key.connection}/consent-${key.consentId}`
    : `${key.connection}/${key.generation}-${key.version}`;
