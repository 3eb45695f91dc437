import '../../support/services/aws-environment.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { toFailure } from '../../../lambdas/tokens/errors.ts';
import type { Vault } from '../../../lambdas/tokens/vault.ts';
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
  vault = vaultOn(service);
});
afterAll(() => service.close());

/** Each test has a connection of its own. */
beforeEach(() => {
  tests += 1;
  connection = `connection_${tests}`;
  name = `n8n_zoom_${connection}`;
  denied.clear();
});

const value = () => service.aws.getSecretValue({ SecretId: name });
const versions = async () => (await service.aws.describeSecret({ SecretId: name })).VersionIdsToStages;

describe('the first publication', () => {
  test('creates the secret with the bare token as its value', async () => {
    await vault.publish(connection, 'access token', token(1));
    expect(await value()).toMatchObject({ SecretString: 'access token', VersionId: token(1) });
  });

  test('describes the secret and its owner in the description and the tags', async () => {
    await vault.publish(connection, 'access token', token(1));
    expect(await service.aws.describeSecret({ SecretId: name })).toMatchObject({
      Description: `Zoom access token of the connection "${connection}", kept fresh for n8n`,
      Tags: [
        { Key: 'zoom-token-refresher:connection', Value: connection },
        { Key: 'zoom-token-refresher:installation', Value: 'zoom-token-refresher' },
      ],
    });
  });

  test('describes the secret of a bundle by the name of the bundle', async () => {
    await vault.publish(`bundle_${connection}`, '{}', token(1));
    expect(await service.aws.describeSecret({ SecretId: `n8n_zoom_bundle_${connection}` })).toMatchObject({
      Description: `Zoom access tokens of the bundle "${connection}", kept fresh for n8n`,
      Tags: [
        { Key: 'zoom-token-refresher:bundle', Value: connection },
        { Key: 'zoom-token-refresher:installation', Value: 'zoom-token-refresher' },
      ],
    });
  });

  test('never creates a secret without a value, not even when it fails', async () => {
    denied.add(`CreateSecret ${name}`);
    await rejectionOf(vault.publish(connection, 'access token', token(1)));
    denied.clear();
    await expect(value()).rejects.toThrow("can't find the specified secret");
  });

  test('fills an empty secret that was created by hand', async () => {
    await service.aws.createSecret({ Name: name });
    await vault.publish(connection, 'access token', token(1));
    expect(await value()).toMatchObject({ SecretString: 'access token' });
  });
});

describe('every later publication', () => {
  beforeEach(() => vault.publish(connection, 'first', token(1)));

  test('becomes the version that n8n reads, and the one before becomes AWSPREVIOUS', async () => {
    await vault.publish(connection, 'second', token(2));
    expect(await value()).toMatchObject({ SecretString: 'second' });
    expect(await versions()).toEqual({ [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSCURRENT'] });
  });

  test('repeated with the same id changes nothing', async () => {
    await vault.publish(connection, 'second', token(2));
    const before = await service.aws.describeSecret({ SecretId: name });
    service.pass(60);
    await vault.publish(connection, 'second', token(2));
    const after = await service.aws.describeSecret({ SecretId: name });
    expect({ ...after, $metadata: {} }).toEqual({ ...before, $metadata: {} });
  });

  test('repeated late does not restore an earlier token', async () => {
    await vault.publish(connection, 'second', token(2));
    await vault.publish(connection, 'first', token(1));
    expect(await value()).toMatchObject({ SecretString: 'second' });
  });

  test('restores a secret that is scheduled for deletion', async () => {
    await service.aws.deleteSecret({ SecretId: name, RecoveryWindowInDays: 7 });
    await vault.publish(connection, 'second', token(2));
    expect(await value()).toMatchObject({ SecretString: 'second' });
    expect(await service.aws.describeSecret({ SecretId: name })).not.toHaveProperty('DeletedDate');
  });

  test('creates the secret again after its permanent deletion', async () => {
    await service.aws.deleteSecret({ SecretId: name, RecoveryWindowInDays: 7 });
    service.pass(8 * DAY);
    await vault.publish(connection, 'second', token(2));
    expect(await value()).toMatchObject({ SecretString: 'second' });
    expect(await versions()).toEqual({ [token(2)]: ['AWSCURRENT'] });
  });

  test('keeps a description and tags of the operator', async () => {
    await service.aws.updateSecret({ SecretId: name, Description: 'mine' });
    await service.aws.tagResource({ SecretId: name, Tags: [{ Key: 'team', Value: 'video' }] });
    await vault.publish(connection, 'second', token(2));
    const { Description, Tags } = await service.aws.describeSecret({ SecretId: name });
    expect(Description).toBe('mine');
    expect(Tags).toContainEqual({ Key: 'team', Value: 'video' });
  });
});

describe('a publication that fails', () => {
  test('because another installation has a bundle of that name says how to leave it', async () => {
    denied.add(`PutSecretValue n8n_zoom_bundle_${connection}`);
    const error = await rejectionOf(vault.publish(`bundle_${connection}`, '{}', token(1)));
    expect(toFailure(error).action).toContain('npx zoom-tokens bundle <connection> <bundle>');
  });

  test.each(['PutSecretValue', 'CreateSecret', 'RestoreSecret'])(
    'without the permission for %s is misconfigured and says that n8n gets no new token',
    async (operation) => {
      if (operation === 'RestoreSecret') {
        await vault.publish(connection, 'first', token(1));
        await service.aws.deleteSecret({ SecretId: name });
      }
      denied.add(`${operation} ${name}`);
      const error = await rejectionOf(vault.publish(connection, 'never tell this token', token(2)));
      expect(toFailure(error)).toMatchObject({
        class: 'misconfigured',
        code: 'publish_denied',
        message: `The function is not allowed to write the secret "${name}", so n8n gets no new token.`,
        action: expect.stringContaining('cdk deploy'),
      });
      expect(JSON.stringify([error, (error as Error).stack])).not.toContain('never tell this token');
    },
  );

  test('because its id has another token is retryable and reveals neither token', async () => {
    await vault.publish(connection, 'never tell the first', token(1));
    const error = await rejectionOf(vault.publish(connection, 'never tell the second', token(1)));
    expect(toFailure(error)).toMatchObject({ class: 'retry', code: 'unexpected' });
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('never tell');
    expect(await value()).toMatchObject({ SecretString: 'never tell the first' });
  });
});
