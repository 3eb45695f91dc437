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

describe('deleting', () => {
  const markedForDeletion = {
    name: 'InvalidRequestException',
    message: "You can't perform this operation on the secret because it was marked for deletion.",
  };

  test('a scheduled secret is neither read nor changed', async () => {
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

  test('its name stays taken, and it is not deleted twice', async () => {
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

  test('it is described with the date of its end, and listed only when asked for', async () => {
    const SecretId = await secret();
    await local.aws.deleteSecret({ SecretId });
    expect((await local.aws.describeSecret({ SecretId })).DeletedDate).toEqual(local.date(30 * DAY));
    expect(await listed(SecretId)).toBeUndefined();
    expect(await listed(SecretId, true)).toMatchObject({ Name: SecretId, DeletedDate: local.date() });
  });

  test.each([
    ['30 days unless told', undefined, 30],
    ['7 days at least', 7, 7],
    ['30 days at most', 30, 30],
  ])('takes effect by the clock: %s', async (_, RecoveryWindowInDays, days) => {
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

  test.each([6, 31])('a recovery window of %i days is refused', async (RecoveryWindowInDays) => {
    const SecretId = await secret();
    await expect(local.aws.deleteSecret({ SecretId, RecoveryWindowInDays })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    });
  });

  test('by force takes effect at once, on a scheduled secret and on an unknown one too, but with no window', async () => {
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

  test('a restored secret is as before', async () => {
    const SecretId = await secret();
    await local.aws.deleteSecret({ SecretId });
    await local.aws.restoreSecret({ SecretId });
    expect((await local.aws.getSecretValue({ SecretId })).SecretString).toBe('a');
    local.pass(31 * DAY);
    expect((await local.aws.describeSecret({ SecretId })).DeletedDate).toBeUndefined();
  });
});

test('tags are added, overwritten and removed', async () => {
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

test('a resource policy is kept word by word, and must be JSON', async () => {
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
