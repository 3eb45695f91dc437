import type { Clock } from '../../../lambdas/tokens/clock.ts';
import { invalidParameter, invalidRequest, resourceExists, ServiceError } from './errors.ts';
import { listing } from './listing.ts';
import type { OperationName, Operations, Request } from './model.ts';
import { isPolicy } from './resource-policy.ts';
import { date, type Secret } from './secret.ts';
import { assertName, type Secrets } from './secrets.ts';
import type { Value } from './versions.ts';

const DEFAULT_RECOVERY_DAYS = 30;

/** Creates the operations over these secrets. Each throws the ServiceErrors that AWS documents for it. */
export function operations(secrets: Secrets, now: Clock): Operations {
  const getLive = (id: string, operation: OperationName): Secret => {
    const secret = secrets.get(id, operation);
    secret.assertLive();
    return secret;
  };

  return {
    ...listing(secrets, now),

    CreateSecret({ Name, Description, Tags, AddReplicaRegions = [], ...request }) {
      assertName(Name);
      secrets.assertAllowed(Name, 'CreateSecret');
      const value = valueIn(request);
      const token = value && tokenIn(request);
      const existing = secrets.named(Name);
      if (existing?.deletion) {
        throw invalidRequest(
          "You can't create this secret because a secret with this name is already scheduled for deletion.",
        );
      }
      if (existing) {
        const isSameRequest = token !== undefined && existing.versions.all().some(({ id }) => id === token);
        if (!isSameRequest) {
          throw resourceExists(`The operation failed because the secret ${Name} already exists.`);
        }
      }
      if (value) secrets.assertKeyUsable('encrypt');
      const secret = existing ?? secrets.add(Name);
      if (value && token !== undefined) secret.versions.put(token, value, ['AWSCURRENT'], now());
      if (!existing) {
        secret.description = Description;
        if (Tags) secret.tag(Tags, now());
        replicate(secret, AddReplicaRegions);
      }
      return { ...secret.id, VersionId: token };
    },

    DeleteResourcePolicy({ SecretId }) {
      const secret = getLive(SecretId, 'DeleteResourcePolicy');
      secret.policy = undefined;
      return secret.id;
    },

    DeleteSecret({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery = false }) {
      if (RecoveryWindowInDays !== undefined && (RecoveryWindowInDays < 7 || RecoveryWindowInDays > 30)) {
        throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
      }
      if (RecoveryWindowInDays !== undefined && ForceDeleteWithoutRecovery) {
        throw invalidParameter(
          "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        );
      }
      if (ForceDeleteWithoutRecovery) {
        const secret = secrets.lookUp(SecretId, 'DeleteSecret');
        secret?.assertNoReplicas();
        if (secret) secrets.remove(secret);
        return { ...(secret?.id ?? secrets.unknown(SecretId)), DeletionDate: date(now()) };
      }
      const secret = secrets.get(SecretId, 'DeleteSecret');
      if (secret.deletion) {
        throw invalidRequest(
          "You tried to perform the operation on a secret that's currently marked deleted.",
        );
      }
      secret.assertNoReplicas();
      const at = secret.scheduleDeletion(RecoveryWindowInDays ?? DEFAULT_RECOVERY_DAYS, now());
      return { ...secret.id, DeletionDate: date(at) };
    },

    DescribeSecret({ SecretId }) {
      const secret = secrets.get(SecretId, 'DescribeSecret');
      return {
        ...secret.metadata(),
        DeletedDate: secret.deletion && date(secret.deletion.at),
        VersionIdsToStages: secret.labelledVersions(),
        ReplicationStatus: secret.replicationStatus(),
      };
    },

    GetResourcePolicy({ SecretId }) {
      const secret = getLive(SecretId, 'GetResourcePolicy');
      return { ...secret.id, ResourcePolicy: secret.policy };
    },

    GetSecretValue({ SecretId, VersionId, VersionStage }) {
      const secret = secrets.get(SecretId, 'GetSecretValue');
      secrets.assertKeyUsable('decrypt');
      return secret.read(VersionId, VersionStage, now());
    },

    PutResourcePolicy({ SecretId, ResourcePolicy }) {
      const secret = getLive(SecretId, 'PutResourcePolicy');
      if (!isPolicy(ResourcePolicy)) throw malformedPolicy();
      secret.policy = ResourcePolicy;
      return secret.id;
    },

    PutSecretValue({ SecretId, VersionStages = ['AWSCURRENT'], ...request }) {
      const secret = getLive(SecretId, 'PutSecretValue');
      const value = valueIn(request);
      if (!value) throw invalidRequest('You must provide either SecretString or SecretBinary.');
      const token = tokenIn(request);
      secrets.assertKeyUsable('encrypt');
      if (secret.versions.all().every(({ id }) => id !== token)) secrets.assertRoom();
      if (secret.versions.put(token, value, VersionStages, now())) secret.changedAt = now();
      return { ...secret.id, VersionId: token, VersionStages: secret.versions.labelsOf(token) };
    },

    RemoveRegionsFromReplication({ SecretId, RemoveReplicaRegions }) {
      const secret = getLive(SecretId, 'RemoveRegionsFromReplication');
      const unknown = RemoveReplicaRegions.find((region) => !secret.replicas.has(region));
      if (unknown !== undefined)
        throw invalidParameter(`The secret has no replica in the Region ${unknown}.`);
      for (const region of RemoveReplicaRegions) secret.replicas.delete(region);
      return { ARN: secret.arn, ReplicationStatus: secret.replicationStatus() ?? [] };
    },

    ReplicateSecretToRegions({ SecretId, AddReplicaRegions }) {
      const secret = getLive(SecretId, 'ReplicateSecretToRegions');
      replicate(secret, AddReplicaRegions);
      return { ARN: secret.arn, ReplicationStatus: secret.replicationStatus() ?? [] };
    },

    RestoreSecret({ SecretId }) {
      const secret = secrets.get(SecretId, 'RestoreSecret');
      secret.deletion = undefined;
      return secret.id;
    },

    TagResource({ SecretId, Tags }) {
      getLive(SecretId, 'TagResource').tag(Tags, now());
      return {};
    },

    UntagResource({ SecretId, TagKeys }) {
      getLive(SecretId, 'UntagResource').untag(TagKeys, now());
      return {};
    },

    UpdateSecret({ SecretId, Description, ...request }) {
      const secret = getLive(SecretId, 'UpdateSecret');
      const value = valueIn(request);
      const token = value && tokenIn(request);
      if (value) secrets.assertKeyUsable('encrypt');
      const stored = value && token !== undefined && secret.versions.put(token, value, ['AWSCURRENT'], now());
      if (Description !== undefined) secret.description = Description;
      if (stored || Description !== undefined) secret.changedAt = now();
      return { ...secret.id, VersionId: token };
    },

    UpdateSecretVersionStage({ SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId }) {
      const secret = getLive(SecretId, 'UpdateSecretVersionStage');
      if (secret.versions.moveLabel(VersionStage, RemoveFromVersionId, MoveToVersionId))
        secret.changedAt = now();
      return secret.id;
    },
  };
}

type NewValue = Pick<Request<'PutSecretValue'>, 'ClientRequestToken' | 'SecretString' | 'SecretBinary'>;

function valueIn({ SecretString, SecretBinary }: NewValue): Value | undefined {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString !== undefined) return { SecretString };
  return SecretBinary && { SecretBinary };
}

function tokenIn({ ClientRequestToken }: NewValue): string {
  if (ClientRequestToken !== undefined) return ClientRequestToken;
  throw invalidRequest('You must provide a ClientRequestToken value. We recommend a UUID-type value.');
}

const malformedPolicy = () =>
  new ServiceError('MalformedPolicyDocumentException', 'This resource policy contains invalid Json.');

/** @throws {ServiceError} InvalidParameterException for the secret's own Region */
function replicate(secret: Secret, regions: readonly { Region: string }[]): void {
  for (const { Region } of regions) {
    if (Region === secret.arn.split(':')[3]) {
      throw invalidParameter('A replica cannot be in the Region of the primary secret.');
    }
    secret.replicas.add(Region);
  }
}
