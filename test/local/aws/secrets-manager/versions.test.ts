import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DAY, standIn, token } from './stand-in.ts';

let local: Awaited<ReturnType<typeof standIn>>;
beforeAll(async () => {
  local = await standIn();
});
afterAll(() => local.close());

/** A secret of its own for each test, with one version `token(1)`. */
async function secret(): Promise<string> {
  const { Name } = await local.aws.createSecret({
    Name: randomUUID(),
    SecretString: 'one',
    ClientRequestToken: token(1),
  });
  return Name as string;
}

const put = (SecretId: string, n: number, SecretString: string, VersionStages?: string[]) =>
  local.aws.putSecretValue({ SecretId, ClientRequestToken: token(n), SecretString, VersionStages });

const labels = async (SecretId: string) => (await local.aws.describeSecret({ SecretId })).VersionIdsToStages;

describe('CreateSecret', () => {
  test('returns an ARN of the name and six random characters', async () => {
    const { ARN } = await local.aws.createSecret({ Name: 'app/main_1', SecretString: 'a' });
    expect(ARN).toMatch(
      /^arn:aws:secretsmanager:eu-central-1:111122223333:secret:app\/main_1-[A-Za-z0-9]{6}$/,
    );
  });

  test('without a value creates a secret without a version, which cannot be read', async () => {
    const created = await local.aws.createSecret({ Name: 'empty' });
    expect(created.VersionId).toBeUndefined();
    expect(await labels('empty')).toBeUndefined();
    await expect(local.aws.getSecretValue({ SecretId: 'empty' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
  });

  test('returns the same secret for the same token and value, and otherwise rejects because the secret exists', async () => {
    const request = { Name: 'again', SecretString: 'a', ClientRequestToken: token(1) };
    const { ARN } = await local.aws.createSecret(request);
    expect((await local.aws.createSecret(request)).ARN).toBe(ARN);
    await expect(local.aws.createSecret({ ...request, SecretString: 'b' })).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: `You can't use ClientRequestToken ${token(1)} because that value is already in use for a version of secret ${ARN}.`,
    });
    await expect(local.aws.createSecret({ Name: 'again', SecretString: 'a' })).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: 'The operation failed because the secret again already exists.',
    });
  });
});

describe('PutSecretValue', () => {
  test('with a new ClientRequestToken moves AWSCURRENT and AWSPREVIOUS', async () => {
    const id = await secret();
    expect(await put(id, 2, 'two')).toMatchObject({ VersionId: token(2), VersionStages: ['AWSCURRENT'] });
    expect(await labels(id)).toEqual({ [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSCURRENT'] });
    await put(id, 3, 'three');
    expect(await labels(id)).toEqual({ [token(2)]: ['AWSPREVIOUS'], [token(3)]: ['AWSCURRENT'] });
  });

  test('with the same value under a known token changes nothing, labels included', async () => {
    const id = await secret();
    await put(id, 2, 'two');
    const before = await local.aws.describeSecret({ SecretId: id });
    local.pass(60);
    expect(await put(id, 1, 'one')).toMatchObject({ VersionId: token(1), VersionStages: ['AWSPREVIOUS'] });
    const after = await local.aws.describeSecret({ SecretId: id });
    expect(after.VersionIdsToStages).toEqual(before.VersionIdsToStages);
    expect(after.LastChangedDate).toEqual(before.LastChangedDate);
  });

  test('with another value under a known token is refused', async () => {
    const id = await secret();
    await expect(put(id, 1, 'other')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    const binary = { SecretId: id, ClientRequestToken: token(1), SecretBinary: Buffer.from('one') };
    await expect(local.aws.putSecretValue(binary)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('with VersionStages moves only those labels', async () => {
    const id = await secret();
    await put(id, 2, 'two', ['AWSPENDING', 'blue']);
    await put(id, 3, 'three', ['blue']);
    expect(await labels(id)).toEqual({
      [token(1)]: ['AWSCURRENT'],
      [token(2)]: ['AWSPENDING'],
      [token(3)]: ['blue'],
    });
  });

  test('makes the first version AWSCURRENT, whatever its VersionStages', async () => {
    const { Name = '' } = await local.aws.createSecret({ Name: randomUUID() });
    await put(Name, 1, 'one', ['AWSPENDING']);
    expect(await labels(Name)).toEqual({ [token(1)]: ['AWSCURRENT', 'AWSPENDING'] });
  });

  test('accepts either a string or bytes', async () => {
    const id = await secret();
    await local.aws.putSecretValue({ SecretId: id, SecretBinary: Uint8Array.of(0, 200, 255) });
    const { SecretBinary, SecretString } = await local.aws.getSecretValue({ SecretId: id });
    expect({ SecretBinary, SecretString }).toEqual({ SecretBinary: Uint8Array.of(0, 200, 255) });
    await expect(local.aws.putSecretValue({ SecretId: id })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'You must provide either SecretString or SecretBinary.',
    });
    await expect(
      local.aws.putSecretValue({ SecretId: id, SecretString: 'a', SecretBinary: Buffer.from('a') }),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('GetSecretValue', () => {
  test('finds a version by label, by VersionId, and by both when they agree', async () => {
    const id = await secret();
    await put(id, 2, 'two');
    const read = async (selection: { VersionId?: string; VersionStage?: string }) =>
      (await local.aws.getSecretValue({ SecretId: id, ...selection })).SecretString;
    expect(await read({})).toBe('two');
    expect(await read({ VersionStage: 'AWSPREVIOUS' })).toBe('one');
    expect(await read({ VersionId: token(1) })).toBe('one');
    expect(await read({ VersionId: token(1), VersionStage: 'AWSPREVIOUS' })).toBe('one');
    await expect(read({ VersionId: token(1), VersionStage: 'AWSCURRENT' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'You provided a VersionStage that is not associated to the provided VersionId.',
    });
    await expect(read({ VersionId: token(9) })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Secrets Manager can't find the specified secret value for VersionId: ${token(9)}`,
    });
  });

  test('returns the creation date of the version, and DescribeSecret returns the day of the last access', async () => {
    const id = await secret();
    const made = local.date();
    local.pass(DAY);
    expect((await local.aws.getSecretValue({ SecretId: id })).CreatedDate).toEqual(made);
    const { LastAccessedDate } = await local.aws.describeSecret({ SecretId: id });
    expect(LastAccessedDate?.toISOString()).toBe(`${local.date().toISOString().slice(0, 10)}T00:00:00.000Z`);
  });

  test('finds a secret by its name, its ARN, and its ARN without the random suffix', async () => {
    const { ARN = '' } = await local.aws.createSecret({ Name: 'found', SecretString: 'a' });
    for (const SecretId of ['found', ARN, ARN.slice(0, -7)]) {
      expect((await local.aws.getSecretValue({ SecretId })).Name).toBe('found');
    }
    const notFound = {
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    };
    for (const SecretId of ['foun', `${ARN}x`, ARN.replace('eu-central-1', 'us-east-1')]) {
      await expect(local.aws.getSecretValue({ SecretId })).rejects.toMatchObject(notFound);
    }
  });

  test('finds nothing by a partial ARN whose name ends like a random suffix', async () => {
    const { ARN = '' } = await local.aws.createSecret({ Name: 'ends-abc123', SecretString: 'a' });
    await expect(local.aws.getSecretValue({ SecretId: ARN.slice(0, -7) })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('UpdateSecret', () => {
  test('creates a version for a value, under the rules of PutSecretValue, and none for a description', async () => {
    const id = await secret();
    expect((await local.aws.updateSecret({ SecretId: id, Description: 'text' })).VersionId).toBeUndefined();
    const update = { SecretId: id, SecretString: 'two', ClientRequestToken: token(2) };
    expect((await local.aws.updateSecret(update)).VersionId).toBe(token(2));
    expect(await local.aws.describeSecret({ SecretId: id })).toMatchObject({
      Description: 'text',
      VersionIdsToStages: { [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSCURRENT'] },
    });
    await expect(local.aws.updateSecret({ ...update, SecretString: 'x' })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });
});

describe('ListSecretVersionIds', () => {
  test('hides deprecated versions without IncludeDeprecated, and returns pages', async () => {
    const id = await secret();
    await put(id, 2, 'two');
    await put(id, 3, 'three');
    const listed = await local.aws.listSecretVersionIds({ SecretId: id });
    expect(listed.Versions?.map(({ VersionId }) => VersionId)).toEqual([token(2), token(3)]);
    const all = { SecretId: id, IncludeDeprecated: true, MaxResults: 2 };
    const first = await local.aws.listSecretVersionIds(all);
    const second = await local.aws.listSecretVersionIds({ ...all, NextToken: first.NextToken });
    expect(first.Versions?.map(({ VersionId }) => VersionId)).toEqual([token(1), token(2)]);
    expect(first.Versions?.[0]?.VersionStages).toBeUndefined();
    expect(second.Versions?.map(({ VersionId }) => VersionId)).toEqual([token(3)]);
    expect(second.NextToken).toBeUndefined();
  });
});

describe('the quota of 100 versions', () => {
  test('refuses the 101st version within 24 hours, and keeps all others', async () => {
    const id = await secret();
    for (let n = 2; n <= 100; n += 1) await put(id, n, `value ${n}`);
    await expect(put(id, 101, 'one too many')).rejects.toMatchObject({ name: 'LimitExceededException' });
    await expect(local.aws.getSecretValue({ SecretId: id })).resolves.toMatchObject({
      SecretString: 'value 100',
    });
    await expect(local.aws.getSecretValue({ SecretId: id, VersionId: token(1) })).resolves.toBeDefined();
  });

  test('has room again once the oldest version is 24 hours old, which is then removed', async () => {
    const id = await secret();
    local.pass(60);
    for (let n = 2; n <= 100; n += 1) await put(id, n, `value ${n}`);
    local.pass(DAY - 60);
    await put(id, 101, 'accepted');
    await expect(local.aws.getSecretValue({ SecretId: id, VersionId: token(1) })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(put(id, 102, 'one too many')).rejects.toMatchObject({ name: 'LimitExceededException' });
  });
});
