import type { APIErrorType, SecretValueEntry } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../../../lambdas/tokens/clock.ts';
import { invalidParameter, ServiceError } from './errors.ts';
import { type Filter, passes } from './filters.ts';
import type { Operations, Request } from './model.ts';
import { page } from './paging.ts';
import { date, type Secret } from './secret.ts';
import type { Secrets } from './secrets.ts';

type ListingOperations = Pick<Operations, 'BatchGetSecretValue' | 'ListSecrets' | 'ListSecretVersionIds'>;

/** Creates the operations that return many secrets or versions, in pages. */
export function listing(secrets: Secrets, now: Clock): ListingOperations {
  const read = (id: string) => {
    const secret = secrets.get(id, 'GetSecretValue');
    secrets.assertKeyUsable('decrypt');
    return secret.read(undefined, undefined, now());
  };

  const search = (filters: readonly Filter[] = [], includePlannedDeletion = false) =>
    secrets.all().filter((secret) => (includePlannedDeletion || !secret.deletion) && passes(secret, filters));

  return {
    BatchGetSecretValue({ SecretIdList, Filters, ...paging }) {
      if ((SecretIdList === undefined) === (Filters === undefined)) {
        throw invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.");
      }
      if (SecretIdList) {
        if (paging.MaxResults !== undefined || paging.NextToken !== undefined) {
          throw invalidParameter("'Filters' must be specified when 'MaxResults' or 'NextToken' is provided.");
        }
        return batchRead(SecretIdList.map((id) => ({ id, read: () => read(id) })));
      }
      const query = { operation: 'BatchGetSecretValue', Filters, ...paging };
      const { items, NextToken } = page(search(Filters), query, 20);
      return { ...batchRead(items.map(({ arn }) => ({ id: arn, read: () => read(arn) }))), NextToken };
    },

    ListSecretVersionIds({ SecretId, IncludeDeprecated = false, ...paging }) {
      const secret = secrets.get(SecretId, 'ListSecretVersionIds');
      const query = { operation: 'ListSecretVersionIds', arn: secret.arn, IncludeDeprecated, ...paging };
      const versions = secret.versions
        .all()
        .map((version) => secret.describeVersion(version))
        .filter(({ VersionStages }) => IncludeDeprecated || VersionStages !== undefined);
      const { items, NextToken } = page(versions, query, 100);
      return { ...secret.id, Versions: items, NextToken };
    },

    ListSecrets(request) {
      const found = sorted(search(request.Filters, request.IncludePlannedDeletion), request);
      const { items, NextToken } = page(found, { operation: 'ListSecrets', ...request }, 100);
      const SecretList = items.map((secret) => ({
        ...secret.metadata(),
        DeletedDate: secret.deletion && date(secret.deletion.requestedAt),
        SecretVersionsToStages: secret.labelledVersions(),
      }));
      return { SecretList, NextToken };
    },
  };
}

/** Returns the values that can be read, and an error for each of the others. */
function batchRead(reads: { id: string; read: () => SecretValueEntry }[]) {
  const SecretValues: SecretValueEntry[] = [];
  const Errors: APIErrorType[] = [];
  for (const { id, read } of reads) {
    try {
      SecretValues.push(read());
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      Errors.push({ SecretId: id, ErrorCode: error.type, Message: error.message });
    }
  }
  return { SecretValues, Errors };
}

/** Sorts the secrets, by default by creation, the oldest first. */
function sorted(secrets: readonly Secret[], { SortBy, SortOrder }: Request<'ListSecrets'>): Secret[] {
  const key = (secret: Secret) => {
    switch (SortBy) {
      case 'name':
        return secret.name;
      case 'last-accessed-date':
        return secret.accessedAt ?? 0;
      case 'last-changed-date':
        return secret.changedAt;
      default:
        return secret.createdAt;
    }
  };
  const ascending = secrets.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return SortOrder === 'desc' ? ascending.reverse() : ascending;
}
