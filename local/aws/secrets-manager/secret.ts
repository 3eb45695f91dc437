import type { ReplicationStatusType, SecretListEntry, Tag } from '@aws-sdk/client-secrets-manager';
import { invalidParameter, invalidRequest } from './errors.ts';
import { type Version, Versions } from './versions.ts';

const DAY_SECONDS = 24 * 60 * 60;

export const date = (epochSeconds: number) => new Date(epochSeconds * 1000);
/** AWS returns the day of the last access, without a time. */
const day = (epochSeconds: number) => date(epochSeconds - (epochSeconds % DAY_SECONDS));

/** One secret and its metadata. Timestamps are epoch seconds. */
export class Secret {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  readonly versions: Versions;
  changedAt: number;
  accessedAt: number | undefined;
  description: string | undefined;
  policy: string | undefined;
  /** Missing until the first tag, as at AWS. */
  tags: Map<string, string> | undefined;
  deletion: { requestedAt: number; at: number } | undefined;
  /** Regions of the replicas. */
  readonly replicas = new Set<string>();

  constructor(arn: string, name: string, now: number, versions = new Versions(arn)) {
    this.arn = arn;
    this.name = name;
    this.createdAt = now;
    this.changedAt = now;
    this.versions = versions;
  }

  /** Returns a copy that shares nothing that changes. */
  copy(): Secret {
    const { arn, name, createdAt, changedAt, accessedAt, description, policy, deletion } = this;
    const copy = new Secret(arn, name, createdAt, this.versions.copy());
    Object.assign(copy, { changedAt, accessedAt, description, policy, deletion });
    copy.tags = this.tags && new Map(this.tags);
    for (const region of this.replicas) copy.replicas.add(region);
    return copy;
  }

  get id(): { ARN: string; Name: string } {
    return { ARN: this.arn, Name: this.name };
  }

  /** @throws {ServiceError} InvalidRequestException while the secret is scheduled for deletion. */
  assertLive(): void {
    if (this.deletion) {
      throw invalidRequest(
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
  }

  /** @throws {ServiceError} InvalidParameterException while the secret has replicas */
  assertNoReplicas(): void {
    if (this.replicas.size === 0) return;
    throw invalidParameter(
      `You can't delete secret ${this.name} that still has replica regions [${[...this.replicas].join(', ')}].`,
    );
  }

  /** Missing without replicas, as at AWS. */
  replicationStatus(): ReplicationStatusType[] | undefined {
    if (this.replicas.size === 0) return undefined;
    return Array.from(this.replicas, (Region) => ({
      Region,
      KmsKeyId: 'alias/aws/secretsmanager',
      Status: 'InSync',
    }));
  }

  tag(tags: readonly Tag[], now: number): void {
    this.tags ??= new Map();
    for (const { Key, Value } of tags) if (Key !== undefined) this.tags.set(Key, Value ?? '');
    this.changedAt = now;
  }

  untag(keys: readonly string[], now: number): void {
    for (const key of keys) this.tags?.delete(key);
    this.changedAt = now;
  }

  scheduleDeletion(days: number, now: number): number {
    const at = now + days * DAY_SECONDS;
    this.deletion = { requestedAt: now, at };
    return at;
  }

  /** Returns the value of a version, as GetSecretValue does, and records the access. */
  read(id: string | undefined, label: string | undefined, now: number) {
    this.assertLive();
    const version = this.versions.get(id, label);
    version.accessedAt = now;
    this.accessedAt = now;
    return {
      ...this.id,
      ...version.value,
      VersionId: version.id,
      VersionStages: this.versions.labelsOf(version.id),
      CreatedDate: date(version.createdAt),
    };
  }

  /** Returns the members that DescribeSecret and ListSecrets share. */
  metadata(): SecretListEntry {
    return {
      ...this.id,
      Description: this.description,
      CreatedDate: date(this.createdAt),
      LastChangedDate: date(this.changedAt),
      LastAccessedDate: this.accessedAt === undefined ? undefined : day(this.accessedAt),
      Tags: this.tags && Array.from(this.tags, ([Key, Value]) => ({ Key, Value })),
    };
  }

  /** Version id → labels; missing before the first version, as at AWS. */
  labelledVersions(): Record<string, string[]> | undefined {
    return this.versions.all().length > 0 ? this.versions.labelled() : undefined;
  }

  describeVersion(version: Version) {
    const labels = this.versions.labelsOf(version.id);
    return {
      VersionId: version.id,
      VersionStages: labels.length > 0 ? labels : undefined,
      CreatedDate: date(version.createdAt),
      LastAccessedDate: version.accessedAt === undefined ? undefined : day(version.accessedAt),
      KmsKeyIds: ['DefaultEncryptionKey'],
    };
  }
}
