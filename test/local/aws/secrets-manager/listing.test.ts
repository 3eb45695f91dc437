import type { BatchGetSecretValueRequest, Filter, ListSecretsRequest } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { standIn, token } from './stand-in.ts';

let local: Awaited<ReturnType<typeof standIn>>;
beforeAll(async () => {
  local = await standIn((name, operation) => name === 'denied' && operation === 'GetSecretValue');
  const create = async (Name: string, Description?: string, tags: Record<string, string> = {}) => {
    await local.aws.createSecret({
      Name,
      SecretString: `value of ${Name}`,
      ClientRequestToken: token(1),
      Description,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    local.pass(1);
  };
  await create('n8n_zoom_main', 'Token of Main', { team: 'Sales', stage: 'production' });
  await create('n8n_zoom_reports', 'token of reports', { Team: 'sales' });
  await create('app/AppBeta', undefined, { owner: 'credsDatabase' });
  await create('denied');
});
afterAll(() => local.close());

const names = (list: { Name?: string | undefined }[] | undefined) => list?.map(({ Name }) => Name);
const list = async (request: ListSecretsRequest) => names((await local.aws.listSecrets(request)).SecretList);
const found = (Key: Filter['Key'], ...Values: string[]) => list({ Filters: [{ Key, Values }] });
const batch = (request: BatchGetSecretValueRequest) => local.aws.batchGetSecretValue(request);

describe('ListSecrets', () => {
  test('sorts by creation, the oldest first, and can sort in descending order or by name', async () => {
    const oldestFirst = ['n8n_zoom_main', 'n8n_zoom_reports', 'app/AppBeta', 'denied'];
    expect(await list({})).toEqual(oldestFirst);
    expect(await list({ SortOrder: 'asc' })).toEqual(oldestFirst);
    expect(await list({ SortOrder: 'desc' })).toEqual(oldestFirst.toReversed());
    expect(await list({ SortBy: 'name' })).toEqual(oldestFirst.toSorted());
  });

  test('returns metadata and labels, never a value', async () => {
    const { SecretList } = await local.aws.listSecrets({ MaxResults: 1 });
    expect(SecretList?.[0]).toMatchObject({
      Name: 'n8n_zoom_main',
      Description: 'Token of Main',
      Tags: [
        { Key: 'team', Value: 'Sales' },
        { Key: 'stage', Value: 'production' },
      ],
      SecretVersionsToStages: { [token(1)]: ['AWSCURRENT'] },
    });
    expect(JSON.stringify(SecretList)).not.toContain('value of');
  });

  test('returns each secret once over all pages, until a page has no NextToken', async () => {
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const response = await local.aws.listSecrets({ MaxResults: 3, NextToken });
      seen.push(...(names(response.SecretList) ?? []));
      NextToken = response.NextToken;
    } while (NextToken);
    expect(seen).toEqual(await list({}));
  });

  test('refuses a NextToken that is invented or belongs to another query', async () => {
    const { NextToken } = await local.aws.listSecrets({ MaxResults: 1 });
    const filters = [{ Key: 'name' as const, Values: ['n8n'] }];
    for (const request of [
      { NextToken: 'made-up' },
      { NextToken, Filters: filters },
      { NextToken, SortOrder: 'desc' as const },
    ]) {
      await expect(list(request)).rejects.toMatchObject({ name: 'InvalidNextTokenException' });
    }
    await expect(batch({ NextToken, Filters: filters })).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });

  test.each([0, 101])('refuses a MaxResults of %i: it is from 1 to 100', async (MaxResults) => {
    await expect(list({ MaxResults })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a filter', () => {
  test('by name matches the beginning, case-sensitive', async () => {
    expect(await found('name', 'n8n_zoom_')).toEqual(['n8n_zoom_main', 'n8n_zoom_reports']);
    expect(await found('name', 'N8N')).toEqual([]);
    expect(await found('name', 'zoom')).toEqual([]);
  });

  test('by description matches the beginnings of words, all of them, case-insensitive', async () => {
    expect(await found('description', 'TOK')).toEqual(['n8n_zoom_main', 'n8n_zoom_reports']);
    expect(await found('description', 'main token')).toEqual(['n8n_zoom_main']);
    expect(await found('description', 'oken')).toEqual([]);
  });

  test('by tag-key or tag-value matches the beginning, case-sensitive', async () => {
    expect(await found('tag-key', 'team')).toEqual(['n8n_zoom_main']);
    expect(await found('tag-key', 'Tea')).toEqual(['n8n_zoom_reports']);
    expect(await found('tag-value', 'Sal')).toEqual(['n8n_zoom_main']);
    expect(await found('tag-value', 'sal')).toEqual(['n8n_zoom_reports']);
    expect(await found('tag-value', 'ales')).toEqual([]);
  });

  test('by primary-region matches the beginning, and by owning-service matches nothing', async () => {
    expect(await found('primary-region', 'eu-')).toHaveLength(4);
    expect(await found('primary-region', 'us-')).toEqual([]);
    expect(await found('owning-service', 'rds')).toEqual([]);
  });

  test('by all matches when any word of its value begins a word of the name, description or tags, case-insensitive', async () => {
    expect(await found('all', 'beta')).toEqual(['app/AppBeta']);
    expect(await found('all', 'DATABASE')).toEqual(['app/AppBeta']);
    expect(await found('all', 'production_reports')).toEqual(['n8n_zoom_main', 'n8n_zoom_reports']);
    expect(await found('all', 'eta')).toEqual([]);
    expect(await found('all', '+')).toEqual([]);
  });

  test('with an exclamation mark excludes what matches its value', async () => {
    expect(await found('name', '!n8n')).toEqual(['app/AppBeta', 'denied']);
    expect(await found('tag-value', '!Sales')).toEqual(['n8n_zoom_reports', 'app/AppBeta', 'denied']);
    expect(await found('all', '!token')).toEqual(['app/AppBeta', 'denied']);
  });

  test('passes with any of its values, and a secret must pass every filter', async () => {
    expect(await found('name', 'app', 'n8n_zoom_m')).toEqual(['n8n_zoom_main', 'app/AppBeta']);
    const both: Filter[] = [
      { Key: 'name', Values: ['n8n'] },
      { Key: 'tag-value', Values: ['sales'] },
    ];
    expect(await list({ Filters: both })).toEqual(['n8n_zoom_reports']);
  });

  test('is refused when its key is unknown, its value is missing, or it has a character that AWS does not allow', async () => {
    for (const filter of [
      { Key: 'colour' as 'name', Values: ['red'] },
      { Key: 'name' as const, Values: [] },
      { Key: 'name' as const, Values: ['a*'] },
    ]) {
      await expect(list({ Filters: [filter] })).rejects.toMatchObject({ name: 'ValidationException' });
    }
  });
});

describe('BatchGetSecretValue', () => {
  test('returns the values in the order of the ids, and an error for each that cannot be read', async () => {
    await local.aws.createSecret({ Name: 'no-value' });
    const { SecretValues, Errors } = await batch({
      SecretIdList: ['n8n_zoom_reports', 'denied', 'missing', 'no-value', 'n8n_zoom_main'],
    });
    await local.aws.deleteSecret({ SecretId: 'no-value', ForceDeleteWithoutRecovery: true });
    expect(SecretValues?.map(({ Name, SecretString }) => ({ Name, SecretString }))).toEqual([
      { Name: 'n8n_zoom_reports', SecretString: 'value of n8n_zoom_reports' },
      { Name: 'n8n_zoom_main', SecretString: 'value of n8n_zoom_main' },
    ]);
    expect(SecretValues?.[0]).toMatchObject({ VersionId: token(1), VersionStages: ['AWSCURRENT'] });
    const shortErrors = Errors?.map(({ SecretId, ErrorCode }) => ({ SecretId, ErrorCode }));
    expect(shortErrors).toEqual([
      { SecretId: 'denied', ErrorCode: 'AccessDeniedException' },
      { SecretId: 'missing', ErrorCode: 'ResourceNotFoundException' },
      { SecretId: 'no-value', ErrorCode: 'ResourceNotFoundException' },
    ]);
    expect(Errors?.[1]?.Message).toBe("Secrets Manager can't find the specified secret.");
  });

  test('accepts filters, and pages through their results', async () => {
    const Filters: Filter[] = [{ Key: 'name', Values: ['n8n', 'denied'] }];
    const first = await batch({ Filters, MaxResults: 2 });
    const second = await batch({ Filters, MaxResults: 2, NextToken: first.NextToken });
    expect(names(first.SecretValues)).toEqual(['n8n_zoom_main', 'n8n_zoom_reports']);
    expect(second.SecretValues).toEqual([]);
    expect(second.Errors).toHaveLength(1);
    expect(second.NextToken).toBeUndefined();
  });

  test('accepts at most 20 ids', async () => {
    const ids = (length: number) => Array.from({ length }, (_, n) => `id-${n}`);
    expect((await batch({ SecretIdList: ids(20) })).Errors).toHaveLength(20);
    await expect(batch({ SecretIdList: ids(21) })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('accepts either ids or filters, and MaxResults only with filters', async () => {
    const Filters: Filter[] = [{ Key: 'name', Values: ['n8n'] }];
    for (const request of [
      {},
      { SecretIdList: ['n8n_zoom_main'], Filters },
      { SecretIdList: ['n8n_zoom_main'], MaxResults: 5 },
    ]) {
      await expect(batch(request)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
  });
});

test('a secret that the caller may not read is listed, and reading its value is denied', async () => {
  expect(await list({})).toContain('denied');
  await expect(local.aws.getSecretValue({ SecretId: 'denied' })).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('not authorized to perform: secretsmanager:GetSecretValue'),
  });
});
