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
  RestoreSecretRequest,
  RestoreSecretResponse,
  TagResourceRequest,
  UntagResourceRequest,
  UpdateSecretRequest,
  UpdateSecretResponse,
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';

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
  RestoreSecret: RestoreSecretResponse;
  TagResource: Record<string, never>;
  UntagResource: Record<string, never>;
  UpdateSecret: UpdateSecretResponse;
  UpdateSecretVersionStage: UpdateSecretVersionStageResponse;
}

const MAX_VALUE_BYTES = 65_536;

const text = (min: number, max: number) => z.string().check(z.minLength(min), z.maxLength(max));
const list = <Item extends z.ZodMiniType>(item: Item, min: number, max: number) =>
  z.array(item).check(z.minLength(min), z.maxLength(max));
const maxResults = (max: number) => z.optional(z.int().check(z.minimum(1), z.maximum(max)));

const atMostMaxValueBytes = z.refine<string | Uint8Array>(
  (value) => Buffer.byteLength(value) <= MAX_VALUE_BYTES,
  {
    error: `Member must have length less than or equal to ${MAX_VALUE_BYTES}`,
  },
);

const secretId = { SecretId: text(1, 2048) };
const tag = z.object({ Key: text(1, 128), Value: z.optional(text(0, 256)) });
const versionId = text(32, 64);
const label = text(1, 256);

const newValue = {
  /** Becomes the VersionId. */
  ClientRequestToken: z.optional(versionId),
  SecretString: z.optional(z.string().check(z.minLength(1), atMostMaxValueBytes)),
  /** Base64 on the wire. */
  SecretBinary: z.optional(
    z.pipe(
      z.pipe(
        z.base64(),
        z.transform((base64) => new Uint8Array(Buffer.from(base64, 'base64'))),
      ),
      z.instanceof(Uint8Array).check(z.minLength(1), atMostMaxValueBytes),
    ),
  ),
};

const paging = (max: number) => ({ MaxResults: maxResults(max), NextToken: z.optional(text(1, 4096)) });

const filters = z.optional(
  list(
    z.object({
      Key: z.enum(['all', 'description', 'name', 'owning-service', 'primary-region', 'tag-key', 'tag-value']),
      Values: list(z.string().check(z.maxLength(512), z.regex(/^!?[a-zA-Z0-9 :_@/+=.\-!]*$/)), 1, 10),
    }),
    0,
    10,
  ),
);

/**
 * The shape and limits of each operation's request. What is not named here (KMS keys, replicas) is ignored.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html
 */
export const requests = {
  BatchGetSecretValue: z.object({
    SecretIdList: z.optional(list(text(1, 2048), 1, 20)),
    Filters: filters,
    ...paging(20),
  }),
  CreateSecret: z.object({
    Name: text(1, 512),
    Description: z.optional(text(0, 2048)),
    Tags: z.optional(z.array(tag)),
    ...newValue,
  }),
  DeleteResourcePolicy: z.object(secretId),
  DeleteSecret: z.object({
    ...secretId,
    RecoveryWindowInDays: z.optional(z.int()),
    ForceDeleteWithoutRecovery: z.optional(z.boolean()),
  }),
  DescribeSecret: z.object(secretId),
  GetResourcePolicy: z.object(secretId),
  GetSecretValue: z.object({
    ...secretId,
    VersionId: z.optional(versionId),
    VersionStage: z.optional(label),
  }),
  ListSecretVersionIds: z.object({
    ...secretId,
    IncludeDeprecated: z.optional(z.boolean()),
    ...paging(100),
  }),
  ListSecrets: z.object({
    IncludePlannedDeletion: z.optional(z.boolean()),
    Filters: filters,
    SortOrder: z.optional(z.enum(['asc', 'desc'])),
    SortBy: z.optional(z.enum(['created-date', 'last-accessed-date', 'last-changed-date', 'name'])),
    ...paging(100),
  }),
  PutResourcePolicy: z.object({ ...secretId, ResourcePolicy: text(1, 20_480) }),
  PutSecretValue: z.object({ ...secretId, ...newValue, VersionStages: z.optional(list(label, 1, 20)) }),
  RestoreSecret: z.object(secretId),
  TagResource: z.object({ ...secretId, Tags: z.array(tag) }),
  UntagResource: z.object({ ...secretId, TagKeys: z.array(text(1, 128)) }),
  UpdateSecret: z.object({ ...secretId, Description: z.optional(text(0, 2048)), ...newValue }),
  UpdateSecretVersionStage: z.object({
    ...secretId,
    VersionStage: label,
    RemoveFromVersionId: z.optional(versionId),
    MoveToVersionId: z.optional(versionId),
  }),
} satisfies { [Operation in keyof Requests]: z.ZodMiniType<Requests[Operation]> };

export type OperationName = keyof Requests;
export type Request<Name extends OperationName> = z.output<(typeof requests)[Name]>;
export type Operations = { [Name in OperationName]: (request: Request<Name>) => Responses[Name] };
