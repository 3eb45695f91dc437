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

  async list(after = '') {
    this.#assertUp();
    const names = [...this.kept.keys()].filter((name) => name > after).sort();
    const next = names[0];
    const isLast = names.length <= 1;
    return { keys: next === undefined ? [] : [keyOf(next)], ...(!isLast && next !== undefined && { next }) };
  }

  async remove(key: RescueKey) {
    this.#assertUp();
    this.kept.delete(nameOf(key));
  }

  #assertUp(): void {
    if (this.isDown) throw new Failure('retry', 'rescue_unreadable', 'The rescue store is down.', 'Wait.');
  }
}

/** Returns the key of an object's name. A page has one, so that a walk needs several. */
function keyOf(name: string): RescueKey {
  const [connection = '', of = ''] = name.split('/');
  if (of.startsWith('consent-')) return { connection, consentId: of.slice('consent-'.length) };
  const [generation, version] = of.split('-').map(Number);
  return { connection, generation: generation ?? 0, version: version ?? 0 };
}

const nameOf = (key: RescueKey) =>
  'consentId' in key
    ? `${key.connection}/consent-${key.consentId}`
    : `${key.connection}/${key.generation}-${key.version}`;
