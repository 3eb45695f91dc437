import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { standIn } from './stand-in.ts';

let local: Awaited<ReturnType<typeof standIn>>;
let id: string;

beforeAll(async () => {
  local = await standIn();
});
afterAll(() => local.close());
beforeEach(async () => {
  local.switches.kmsKey = 'usable';
  local.switches.latencyMs = 0;
  id = randomUUID();
  await local.aws.createSecret({ Name: id, SecretString: 'value' });
});

const replicate = (...regions: string[]) =>
  local.aws.replicateSecretToRegions({
    SecretId: id,
    AddReplicaRegions: regions.map((Region) => ({ Region })),
  });

describe('a secret with replicas', () => {
  test('lists them in its description', async () => {
    await replicate('eu-west-1', 'us-east-2');
    const { ReplicationStatus } = await local.aws.describeSecret({ SecretId: id });
    expect(ReplicationStatus).toMatchObject([
      { Region: 'eu-west-1', Status: 'InSync' },
      { Region: 'us-east-2', Status: 'InSync' },
    ]);
  });

  test.each([{ ForceDeleteWithoutRecovery: true }, { RecoveryWindowInDays: 7 }])(
    'cannot be deleted (%j) before they are removed',
    async (window) => {
      await replicate('eu-west-1');
      await expect(local.aws.deleteSecret({ SecretId: id, ...window })).rejects.toMatchObject({
        name: 'InvalidParameterException',
        message: `You can't delete secret ${id} that still has replica regions [eu-west-1].`,
      });
      await local.aws.removeRegionsFromReplication({ SecretId: id, RemoveReplicaRegions: ['eu-west-1'] });
      await expect(local.aws.deleteSecret({ SecretId: id, ...window })).resolves.toBeDefined();
    },
  );

  test('refuses its own Region, and the removal of a replica that it does not have', async () => {
    await expect(replicate('eu-central-1')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(
      local.aws.removeRegionsFromReplication({ SecretId: id, RemoveReplicaRegions: ['eu-west-1'] }),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('a KMS key', () => {
  const put = () => local.aws.putSecretValue({ SecretId: id, SecretString: 'newer' });
  const read = () => local.aws.getSecretValue({ SecretId: id });

  test('that is disabled fails reads and writes with their own errors', async () => {
    local.switches.kmsKey = 'disabled';
    await expect(read()).rejects.toMatchObject({ name: 'DecryptionFailure' });
    await expect(put()).rejects.toMatchObject({ name: 'EncryptionFailure' });
    await expect(local.aws.describeSecret({ SecretId: id })).resolves.toBeDefined();
  });

  test('that the caller may not use fails both with AccessDeniedException', async () => {
    local.switches.kmsKey = 'denied';
    const refusal = { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' };
    await expect(read()).rejects.toMatchObject(refusal);
    await expect(put()).rejects.toMatchObject(refusal);
  });
});

test('a latency delays each response by that time', async () => {
  local.switches.latencyMs = 60;
  const before = performance.now();
  await local.aws.describeSecret({ SecretId: id });
  expect(performance.now() - before).toBeGreaterThanOrEqual(55);
});
