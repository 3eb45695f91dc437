import '../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createN8nSecret } from '../../../lambdas/aws/n8n-secret.ts';
import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import { toFailure } from '../../../lambdas/tokens/errors.ts';
import type { Vault } from '../../../lambdas/tokens/vault.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';
import { DAY, standIn, token } from '../../local/aws/secrets-manager/stand-in.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { vaultOn } from './vault.ts';

const denied = new Set<string>();
let service: Awaited<ReturnType<typeof standIn>>;
let vault: Vault;
let connection: string;
let name: string;
let tests = 0;

beforeAll(async () => {
  service = await standIn((secret, operation) => denied.has(`${operation} ${secret}`));
});
afterAll(() => service.close());
beforeEach(async () => {
  tests += 1;
  connection = `connection_${tests}`;
  name = `n8n_zoom_${connection}`;
  denied.clear();
  service.switches.kmsKey = 'usable';
  vault = vaultOn(service);
  await vault.publish(connection, 'access token', token(1));
});

const replicate = (...regions: string[]) =>
  service.aws.replicateSecretToRegions({
    SecretId: name,
    AddReplicaRegions: regions.map((Region) => ({ Region })),
  });
const failureOf = async (attempt: Promise<unknown>) => toFailure(await rejectionOf(attempt));

describe('a published secret with replicas', () => {
  test.each([true, false])('is deleted after its replicas (force: %s)', async (force) => {
    await replicate('eu-west-1', 'us-east-2');
    expect(await vault.unpublish(connection, { force })).toEqual(expect.any(Number));
    await expect(service.aws.getSecretValue({ SecretId: name })).rejects.toThrow();
  });

  test('is misconfigured without the permission, and the action is the command that removes them', async () => {
    await replicate('eu-west-1', 'us-east-2');
    denied.add(`RemoveRegionsFromReplication ${name}`);
    expect(await failureOf(vault.unpublish(connection, { force: false }))).toEqual({
      class: 'misconfigured',
      code: 'secret_replicated',
      message: `The secret "${name}" was not deleted, so n8n can still read it: it has replicas in eu-west-1, us-east-2, and the function could not remove them (AccessDeniedException).`,
      action: `Run: aws secretsmanager remove-regions-from-replication --secret-id ${name} --remove-replica-regions eu-west-1 us-east-2. Then disconnect again.`,
    });
  });

  test('has its Regions read from the refusal without the permission to describe it', async () => {
    await replicate('eu-west-1');
    denied.add(`DescribeSecret ${name}`);
    expect(await vault.unpublish(connection, { force: false })).toEqual(expect.any(Number));
  });
});

describe('a KMS key that cannot be used', () => {
  const UNUSABLE = {
    class: 'misconfigured',
    code: 'kms_unusable',
    message: expect.stringContaining('KMS key'),
    action: expect.stringContaining('kmsKeyArn'),
  };

  test.each(['disabled', 'denied'] as const)(
    '(%s) is misconfigured at every read and write',
    async (state) => {
      service.switches.kmsKey = state;
      const n8n = createN8nSecret(service.aws, name, service.now);

      expect(await failureOf(vault.published(connection))).toMatchObject(UNUSABLE);
      expect(await failureOf(vault.publish(connection, 'newer', token(2)))).toMatchObject(UNUSABLE);
      expect(await failureOf(vault.publish(`${connection}_new`, 'first', token(3)))).toMatchObject(UNUSABLE);
      expect(await failureOf(n8n.read())).toMatchObject(UNUSABLE);
      expect(await failureOf(n8n.write(new Map()))).toMatchObject(UNUSABLE);
    },
  );

  test('is named with the error of Secrets Manager', async () => {
    service.switches.kmsKey = 'disabled';
    expect((await failureOf(vault.published(connection))).message).toContain('(DecryptionFailure)');
    expect((await failureOf(vault.publish(connection, 'newer', token(2)))).message).toContain(
      '(EncryptionFailure)',
    );
  });
});

test('a publication beyond the quota of versions names the quota and is retryable', async () => {
  for (let n = 2; n <= 100; n += 1) await vault.publish(connection, `token ${n}`, token(n));
  expect(await failureOf(vault.publish(connection, 'one too many', token(101)))).toMatchObject({
    class: 'retry',
    code: 'version_quota',
    message: expect.stringContaining('100 in 24 hours'),
  });
  service.pass(DAY);
  await vault.publish(connection, 'accepted', token(101));
  expect(await vault.published(connection)).toBe('accepted');
});

test('a secret that a resource policy denies is misconfigured', async () => {
  const Statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'secretsmanager:PutSecretValue',
    Resource: '*',
  };
  await service.aws.putResourcePolicy({ SecretId: name, ResourcePolicy: JSON.stringify({ Statement }) });
  expect(await failureOf(vault.publish(connection, 'newer', token(2)))).toMatchObject({
    class: 'misconfigured',
    code: 'publish_denied',
    action: expect.stringContaining('policies of the function or the secret'),
  });
});

test("a secret that cannot be created, because the account's quota of secrets is reached, is told from a version", async () => {
  const { server, url } = await refusing('LimitExceededException');
  const client = new SecretsManager({ endpoint: url, region: 'us-east-1', maxAttempts: 1 });
  const options = { appSecrets: new Map(), sealingKeySecretId: 'k', installation: 'i' };
  try {
    const refused = createSecretsVault(client, options, service.now);
    expect(await failureOf(refused.publish('new', 'access token', token(1)))).toMatchObject({
      code: 'aws_quota',
    });
  } finally {
    client.destroy();
    await server.close();
  }
});

describe.each(['InvalidParameterException', 'InvalidRequestException'])(
  'a secret that is the replica of one in another Region (%s)',
  (type) => {
    const REPLICA = {
      class: 'misconfigured',
      code: 'secret_is_replica',
      message: expect.stringContaining('the replica of one in another Region'),
      action: expect.stringContaining('stop-replication-to-replica'),
    };
    let targets: unknown[];
    let server: LoopbackServer;
    let replica: Vault;
    beforeEach(async () => {
      targets = [];
      server = await listenOnLoopback(
        createServer((request, response) => {
          targets.push(request.headers['x-amz-target']);
          const isRead = request.headers['x-amz-target'] === 'secretsmanager.DescribeSecret';
          const message =
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.";
          response.writeHead(isRead ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
          response.end(JSON.stringify(isRead ? { PrimaryRegion: 'eu-west-1' } : { __type: type, message }));
        }),
      );
      const client = new SecretsManager({ endpoint: server.url, region: 'us-east-1', maxAttempts: 1 });
      replica = createSecretsVault(client, { appSecrets: new Map(), installation: 'i' }, service.now);
    });
    afterEach(() => server.close());

    test('is not written, and not taken for one that is being deleted', async () => {
      expect(await failureOf(replica.publish('main', 'access token', token(1)))).toMatchObject(REPLICA);
      expect(targets).toEqual(['secretsmanager.PutSecretValue']);
    });

    test('is not deleted', async () => {
      expect(await failureOf(replica.unpublish('main', { force: false }))).toMatchObject(REPLICA);
    });
  },
);

/** A Secrets Manager without secrets that refuses to create one. */
async function refusing(errorType: string) {
  const server = await listenOnLoopback(
    createServer((request, response) => {
      const isCreation = request.headers['x-amz-target'] === 'secretsmanager.CreateSecret';
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: isCreation ? errorType : 'ResourceNotFoundException' }));
    }),
  );
  return { server, url: server.url };
}
