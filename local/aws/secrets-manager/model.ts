import type {
  BatchGetSecretValueRequest,
  BatchGetSecretValueResponse,
  CreateSecretRequest,
  CreateSecretResponse,
  DeleteResourcePolicyRequest,
  DeleteResourcePolicyResponse,
  DeleteSecretRequest,
  DeleteSecretResponse,
  DescribeSecretRequest,
  DescribeSecretResponse,
  GetResourcePolicyRequest,
  GetResourcePolicyResponse,
  GetSecretValueRequest,
  GetSecretValueResponse,
  ListSecretsRequest,
  ListSecretsResponse,
  ListSecretVersionIdsRequest,
  ListSecretVersionIdsResponse,
  PutResourcePolicyRequest,
  PutResourcePolicyResponse,
  PutSecretValueRequest,
  PutSecretValueResponse,
  RemoveRegionsFromReplicationRequest,
  RemoveRegionsFromReplicationResponse,
  ReplicateSecretToRegionsRequest,
  ReplicateSecretToRegionsResponse,
  RestoreSecretRequest,
  RestoreSecretResponse,
  TagResourceRequest,
  UntagResourceRequest,
  UpdateSecretRequest,
  UpdateSecretResponse,
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { jsonObject } from '../../../lambdas/tokens/json-object.ts';

interface Requests {
  BatchGetSecretValue: BatchGetSecretValueRequest;
  CreateSecret: CreateSecretRequest;
  DeleteResourcePolicy: DeleteResourcePolicyRequest;
  DeleteSecret: DeleteSecretRequest;
  DescribeSecret: DescribeSecretRequest;
  GetResourcePolicy: GetResourcePolicyRequest;
  GetSecretValue: GetSecretValueRequest;
  ListSecretVersionIds: ListSecretVersionIdsRequest;
  ListSecrets: ListSecretsRequest;
  PutResourcePolicy: PutResourcePolicyRequest;
  PutSecretValue: PutSecretValueRequest;
  RemoveRegionsFromReplication: RemoveRegionsFromReplicationRequest;
  ReplicateSecretToRegions: ReplicateSecretToRegionsRequest;
  RestoreSecret: RestoreSecretRequest;
  TagResource: TagResourceRequest;
  UntagResource: UntagResourceRequest;
  UpdateSecret: UpdateSecretRequest;
  UpdateSecretVersionStage: UpdateSecretVersionStageRequest;
}

interface Responses {
  BatchGetSecretValue: BatchGetSecretValueResponse;
  CreateSecret: CreateSecretResponse;
  DeleteResourcePolicy: DeleteResourcePolicyResponse;
  DeleteSecret: DeleteSecretResponse;
  DescribeSecret: DescribeSecretResponse;
  GetResourcePolicy: GetResourcePolicyResponse;
  GetSecretValue: GetSecretValueResponse;
  ListSecretVersionIds: ListSecretVersionIdsResponse;
  ListSecrets: ListSecretsResponse;
  PutResourcePolicy: PutResourcePolicyResponse;
  PutSecretValue: PutSecretValueResponse;
  RemoveRegionsFromReplication: RemoveRegionsFromReplicationResponse;
  ReplicateSecretToRegions: ReplicateSecretToRegionsResponse;
  RestoreSecret: RestoreSecretResponse;
  TagResource: Record<string, never>;
  UntagResource: Record<string, never>;
  UpdateSecret: UpdateSecretResponse;
  UpdateSecretVersionStage: UpdateSecretVersionStageResponse;
}

const MAX_VALUE_BYTES = 65_536;

const members = <Entries extends v.ObjectEntries>(entries: Entries) => v.pipe(jsonObject, v.object(entries));
const text = (min: number, max: number) => v.pipe(v.string(), v.minLength(min), v.maxLength(max));
const list = <Item extends v.GenericSchema>(item: Item, min: number, max: number) =>
  v.pipe(v.array(item), v.minLength(min), v.maxLength(max));
const int = v.pipe(v.number(), v.integer());
const maxResults = (max: number) => v.optional(v.pipe(int, v.minValue(1), v.maxValue(max)));

/** Returns a schema with a message of its own, because valibot's message does not list the allowed values. */
const oneOf = <const Values extends readonly string[]>(...values: Values) =>
  v.picklist(values, `Member must satisfy enum value set: [${values.join(', ')}]`);

const secretId = { SecretId: text(1, 2048) };
const tag = members({ Key: text(1, 128), Value: v.optional(text(0, 256)) });
const versionId = text(32, 64);
const label = text(1, 256);

const region = v.pipe(text(1, 128), v.regex(/^([a-z]+-)+\d+$/));
const replicas = list(members({ Region: region, KmsKeyId: v.optional(text(0, 2048)) }), 1, 100);

const newValue = {
  /** Becomes the VersionId. */
  ClientRequestToken: v.optional(versionId),
  SecretString: v.optional(v.pipe(v.string(), v.minLength(1), v.maxBytes(MAX_VALUE_BYTES))),
  /** Base64 on the wire. */
  SecretBinary: v.optional(
    v.pipe(
      v.string(),
      v.base64(),
      v.transform((base64) => new Uint8Array(Buffer.from(base64, 'base64'))),
      v.minLength(1),
      v.maxLength(MAX_VALUE_BYTES),
    ),
  ),
};

const paging = (max: number) => ({ MaxResults: maxResults(max), NextToken: v.optional(text(1, 4096)) });

const filters = v.optional(
  list(
    members({
      Key: oneOf('all', 'description', 'name', 'owning-service', 'primary-region', 'tag-key', 'tag-value'),
      Values: list(v.pipe(v.string(), v.maxLength(512), v.regex(/^!?[a-zA-Z0-9 :_@/+=.\-!]*$/)), 1, 10),
    }),
    0,
    10,
  ),
);

/**
 * The shape and limits of each operation's request. Other members (KMS keys, forced overwriting of a replica) are ignored.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html
 */
export const requests = {
  BatchGetSecretValue: members({
    SecretIdList: v.optional(list(text(1, 2048), 1, 20)),
    Filters: filters,
    ...paging(20),
  }),
  CreateSecret: members({
    Name: text(1, 512),
    Description: v.optional(text(0, 2048)),
    Tags: v.optional(v.array(tag)),
    AddReplicaRegions: v.optional(replicas),
    ...newValue,
  }),
  DeleteResourcePolicy: members(secretId),
  DeleteSecret: members({
    ...secretId,
    RecoveryWindowInDays: v.optional(int),
    ForceDeleteWithoutRecovery: v.optional(v.boolean()),
  }),
  DescribeSecret: members(secretId),
  GetResourcePolicy: members(secretId),
  GetSecretValue: members({
    ...secretId,
    VersionId: v.optional(versionId),
    VersionStage: v.optional(label),
  }),
  ListSecretVersionIds: members({
    ...secretId,
    IncludeDeprecated: v.optional(v.boolean()),
    ...paging(100),
  }),
  ListSecrets: members({
    IncludePlannedDeletion: v.optional(v.boolean()),
    Filters: filters,
    SortOrder: v.optional(oneOf('asc', 'desc')),
    SortBy: v.optional(oneOf('created-date', 'last-accessed-date', 'last-changed-date', 'name')),
    ...paging(100),
  }),
  PutResourcePolicy: members({ ...secretId, ResourcePolicy: text(1, 20_480) }),
  PutSecretValue: members({ ...secretId, ...newValue, VersionStages: v.optional(list(label, 1, 20)) }),
  RemoveRegionsFromReplication: members({ ...secretId, RemoveReplicaRegions: list(region, 1, 100) }),
  ReplicateSecretToRegions: members({ ...secretId, AddReplicaRegions: replicas }),
  RestoreSecret: members(secretId),
  TagResource: members({ ...secretId, Tags: v.array(tag) }),
  UntagResource: members({ ...secretId, TagKeys: v.array(text(1, 128)) }),
  UpdateSecret: members({ ...secretId, Description: v.optional(text(0, 2048)), ...newValue }),
  UpdateSecretVersionStage: members({
    ...secretId,
    VersionStage: label,
    RemoveFromVersionId: v.optional(versionId),
    MoveToVersionId: v.optional(versionId),
  }),
} satisfies { [Operation in keyof Requests]: v.GenericSchema<unknown, Requests[Operation]> };

export type OperationName = keyof Requests;
export type Request<Name extends OperationName> = v.InferOutput<(typeof requests)[Name]>;
export type Operations = { [Name in OperationName]: (request: Request<Name>) => Responses[Name] };
