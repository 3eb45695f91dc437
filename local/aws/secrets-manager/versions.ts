import { isDeepStrictEqual } from 'node:util';
import {
  invalidParameter,
  invalidRequest,
  limitExceeded,
  noRoom,
  notFound,
  resourceExists,
} from './errors.ts';

export type Value = { SecretString: string } | { SecretBinary: Uint8Array };

export interface Version {
  readonly id: string;
  readonly value: Value;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** Epoch seconds. */
  accessedAt?: number;
}

const MAX_LABELS = 20;
/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MOST_VERSIONS = 100;
const ALWAYS_KEPT_SECONDS = 24 * 60 * 60;

/** The versions of one secret, and its staging labels. A label is on one version at a time. */
export class Versions {
  readonly #arn: string;
  readonly #versions = new Map<string, Version>();
  /** Label → the id of the version that it is on. */
  readonly #labels = new Map<string, string>();

  constructor(arn: string) {
    this.#arn = arn;
  }

  /** Returns a copy that shares nothing that changes. */
  copy(): Versions {
    const copy = new Versions(this.#arn);
    for (const [id, version] of this.#versions) copy.#versions.set(id, { ...version });
    for (const [label, id] of this.#labels) copy.#labels.set(label, id);
    return copy;
  }

  /** Oldest first. */
  all(): Version[] {
    return [...this.#versions.values()];
  }

  labelsOf(id: string): string[] {
    return [...this.#labels].flatMap(([label, on]) => (on === id ? [label] : [])).sort();
  }

  /** Version id → labels; a version without labels is deprecated and not shown. */
  labelled(): Record<string, string[]> {
    const shown = this.all().map(({ id }) => [id, this.labelsOf(id)] as const);
    return Object.fromEntries(shown.filter(([, labels]) => labels.length > 0));
  }

  /**
   * Adds a version under its ClientRequestToken and moves `labels` to it.
   * @returns false if that version exists with the same value. Then nothing changes, labels included.
   */
  put(token: string, value: Value, labels: readonly string[], now: number): boolean {
    const existing = this.#versions.get(token);
    if (existing) {
      if (isDeepStrictEqual(existing.value, value)) return false;
      throw resourceExists(
        `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${this.#arn}.`,
      );
    }
    const attached = new Set(this.#versions.size === 0 ? ['AWSCURRENT', ...labels] : labels);
    assertLabelCount(attached.size);
    this.#makeRoom(now);
    this.#versions.set(token, { id: token, value, createdAt: now });
    for (const label of attached) this.#attach(label, token);
    return true;
  }

  /** @throws {ServiceError} ResourceNotFoundException; InvalidRequestException if the label is not on that version. */
  get(id: string | undefined, label: string | undefined): Version {
    const sought = id ?? this.#labels.get(label ?? 'AWSCURRENT');
    const version = sought === undefined ? undefined : this.#versions.get(sought);
    if (!version) {
      const by = id === undefined ? `staging label: ${label ?? 'AWSCURRENT'}` : `VersionId: ${id}`;
      throw notFound(`secret value for ${by}`);
    }
    if (label !== undefined && this.#labels.get(label) !== version.id) {
      throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
    }
    return version;
  }

  /**
   * Moves a label (UpdateSecretVersionStage), or removes it where `to` is missing.
   * @returns false if the label is on that version already
   */
  moveLabel(label: string, from: string | undefined, to: string | undefined): boolean {
    const holder = this.#labels.get(label);
    if (from === undefined && to === undefined) {
      throw invalidParameter('You must specify MoveToVersionId, RemoveFromVersionId or both.');
    }
    if (to !== undefined && !this.#versions.has(to)) throw notFound(`secret value for VersionId: ${to}`);
    if (from !== undefined && from !== holder) {
      throw invalidParameter(
        `Staging label ${label} is not attached to version ${from}, which RemoveFromVersionId names.`,
      );
    }
    if (to === holder) return false;
    if (to === undefined) {
      if (label === 'AWSCURRENT') {
        throw invalidParameter(
          "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
        );
      }
      this.#labels.delete(label);
      return true;
    }
    if (holder !== undefined && from === undefined) {
      throw invalidParameter(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    assertLabelCount(this.labelsOf(to).length + 1);
    this.#attach(label, to);
    return true;
  }

  #attach(label: string, id: string): void {
    const holder = this.#labels.get(label);
    this.#labels.set(label, id);
    if (label === 'AWSCURRENT' && holder !== undefined) this.#labels.set('AWSPREVIOUS', holder);
  }

  /**
   * Removes the oldest versions beyond the quota. A version with a label or younger than 24 hours is kept.
   * @throws {ServiceError} LimitExceededException when that leaves no room for another version
   */
  #makeRoom(now: number): void {
    for (const { id, createdAt } of this.all()) {
      if (this.#versions.size < MOST_VERSIONS) return;
      if (now - createdAt >= ALWAYS_KEPT_SECONDS && this.labelsOf(id).length === 0) this.#versions.delete(id);
    }
    if (this.#versions.size < MOST_VERSIONS) return;
    throw noRoom();
  }
}

function assertLabelCount(count: number): void {
  if (count > MAX_LABELS) throw limitExceeded(`A version can have at most ${MAX_LABELS} staging labels.`);
}
