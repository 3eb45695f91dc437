import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DAY, standIn } from './stand-in.ts';

let local: Awaited<ReturnType<typeof standIn>>;
beforeAll(async () => {
  local = await standIn();
});
afterAll(() => local.close());

async function secret(): Promise<string> {
  const Name = randomUUID();
  await local.aws.createSecret({ Name, SecretString: 'a' });
  return Name;
}

const listed = async (Name: string, IncludePlannedDeletion = false) => {
  const { SecretList } = await local.aws.listSecrets({
    IncludePlannedDeletion,
    Filters: [{ Key: 'name', Values: [Name] }],
  });
  return SecretList?.[0];
};

describe('a deleted secret', () => {
  const markedForDeletion = {
    name: 'InvalidRequestException',
    message: "You can't perform this operation on the secret because it was marked for deletion.",
  };

  test('cannot be read or changed during its recovery window', async () => {
    const SecretId = await secret();
    await local.aws.deleteSecret({ SecretId });
    for (const attempt of [
      () => local.aws.getSecretValue({ SecretId }),
      () => local.aws.putSecretValue({ SecretId, SecretString: 'b' }),
      () => local.aws.updateSecret({ SecretId, Description: 'b' }),
      () => local.aws.updateSecretVersionStage({ SecretId, VersionStage: 'blue' }),
      () => local.aws.tagResource({ SecretId, Tags: [{ Key: 'a', Value: 'b' }] }),
      () => local.aws.untagResource({ SecretId, TagKeys: ['a'] }),
      () => local.aws.putResourcePolicy({ SecretId, ResourcePolicy: '{}' }),
      () => local.aws.getResourcePolicy({ SecretId }),
      () => local.aws.deleteResourcePolicy({ SecretId }),
    ]) {
      await expect(attempt()).rejects.toMatchObject(markedForDeletion);
    }
    const { Errors } = await local.aws.batchGetSecretValue({ SecretIdList: [SecretId] });
    expect(Errors).toEqual([
      { SecretId, ErrorCode: markedForDeletion.name, Message: markedForDeletion.message },
    ]);
  });

  test('keeps its name during its recovery window, and cannot be deleted again', async () => {
    const SecretId = await secret();
    await local.aws.deleteSecret({ SecretId });
    await expect(local.aws.createSecret({ Name: SecretId, SecretString: 'b' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message:
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    });
    await expect(local.aws.deleteSecret({ SecretId })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('is described with its deletion date, and listed only with IncludePlannedDeletion', async () => {
    const SecretId = await secret();
    await local.aws.deleteSecret({ SecretId });
    expect((await local.aws.describeSecret({ SecretId })).DeletedDate).toEqual(local.date(30 * DAY));
    expect(await listed(SecretId)).toBeUndefined();
    expect(await listed(SecretId, true)).toMatchObject({ Name: SecretId, DeletedDate: local.date() });
  });

  test.each([
    ['30 days by default', undefined, 30],
    ['7 days, the minimum', 7, 7],
    ['30 days, the maximum', 30, 30],
  ])('is gone after its recovery window of %s', async (_, RecoveryWindowInDays, days) => {
    const SecretId = await secret();
    const { DeletionDate } = await local.aws.deleteSecret({ SecretId, RecoveryWindowInDays });
    expect(DeletionDate).toEqual(local.date(days * DAY));
    local.pass(days * DAY - 1);
    await local.aws.describeSecret({ SecretId });
    local.pass(1);
    await expect(local.aws.describeSecret({ SecretId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(await listed(SecretId, true)).toBeUndefined();
    await local.aws.createSecret({ Name: SecretId, SecretString: 'anew' });
  });

  test.each([6, 31])('cannot have a recovery window of %i days', async (RecoveryWindowInDays) => {
    const SecretId = await secret();
    await expect(local.aws.deleteSecret({ SecretId, RecoveryWindowInDays })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    });
  });

  test('is gone at once when the deletion is forced, which works for a scheduled or unknown secret, but not with a recovery window', async () => {
    const SecretId = await secret();
    const force = { SecretId, ForceDeleteWithoutRecovery: true };
    await expect(local.aws.deleteSecret({ ...force, RecoveryWindowInDays: 7 })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    });
    const { ARN: old } = await local.aws.deleteSecret({ SecretId });
    await local.aws.deleteSecret(force);
    expect((await local.aws.deleteSecret(force)).Name).toBe(SecretId);
    const { ARN } = await local.aws.createSecret({ Name: SecretId, SecretString: 'b' });
    expect(ARN).not.toBe(old);
  });

  test('is unchanged after it is restored', async () => {
    const SecretId = await secret();
    await local.aws.deleteSecret({ SecretId });
    await local.aws.restoreSecret({ SecretId });
    expect((await local.aws.getSecretValue({ SecretId })).SecretString).toBe('a');
    local.pass(31 * DAY);
    expect((await local.aws.describeSecret({ SecretId })).DeletedDate).toBeUndefined();
  });
});

test('TagResource and UntagResource add, overwrite and remove tags', async () => {
  const SecretId = await secret();
  const tags = async () => (await local.aws.describeSecret({ SecretId })).Tags;
  expect(await tags()).toBeUndefined();
  await local.aws.tagResource({
    SecretId,
    Tags: [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ],
  });
  await local.aws.tagResource({ SecretId, Tags: [{ Key: 'a', Value: '3' }] });
  expect(await tags()).toEqual([
    { Key: 'a', Value: '3' },
    { Key: 'b', Value: '2' },
  ]);
  await local.aws.untagResource({ SecretId, TagKeys: ['a', 'b', 'c'] });
  expect(await tags()).toEqual([]);
});

test('PutResourcePolicy stores a policy unchanged, and refuses one that is not JSON', async () => {
  const SecretId = await secret();
  const ResourcePolicy = '{ "Version": "2012-10-17", "Statement": [] }';
  const policy = async () => (await local.aws.getResourcePolicy({ SecretId })).ResourcePolicy;
  expect(await policy()).toBeUndefined();
  await local.aws.putResourcePolicy({ SecretId, ResourcePolicy });
  expect(await policy()).toBe(ResourcePolicy);
  await expect(local.aws.putResourcePolicy({ SecretId, ResourcePolicy: '{' })).rejects.toMatchObject({
    name: 'MalformedPolicyDocumentException',
  });
  await local.aws.deleteResourcePolicy({ SecretId });
  expect(await policy()).toBeUndefined();
});
