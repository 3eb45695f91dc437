import '../../support/services/aws-environment.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import { toFailure } from '../../../lambdas/tokens/errors.ts';
import type { Vault } from '../../../lambdas/tokens/vault.ts';
import { DAY, standIn, token } from '../../local/aws/secrets-manager/stand-in.ts';
import { rejectionOf } from '../../support/rejection.ts';

const denied = new Set<string>();
let service: Awaited<ReturnType<typeof standIn>>;
let vault: Vault;
let name: string;
let connection: string;
let tests = 0;

beforeAll(async () => {
  service = await standIn((secret, operation) => denied.has(`${operation} ${secret}`));
  vault = createSecretsVault(service.aws, {
    appSecretPrefix: 'zoom-token-refresher/app/',
    keySecretId: 'zoom-token-refresher/key',
    installation: 'zoom-token-refresher',
  });
});
afterAll(() => service.close());
beforeEach(async () => {
  tests += 1;
  connection = `connection_${tests}`;
  name = `n8n_zoom_${connection}`;
  denied.clear();
  await vault.publish(connection, 'access token', token(1));
});

const read = () => service.aws.getSecretValue({ SecretId: name });
const withdraw = (force = false) => vault.unpublish(connection, { force });

describe('a withdrawal', () => {
  test('takes the value away at once, and the secret after seven days; it tells when', async () => {
    const until = await withdraw();
    await expect(read()).rejects.toThrow('marked for deletion');
    const { DeletedDate } = await service.aws.describeSecret({ SecretId: name });
    expect(until).toBe((DeletedDate?.getTime() ?? 0) / 1000);
    service.pass(7 * DAY - 1);
    await service.aws.describeSecret({ SecretId: name });
    service.pass(1);
    await expect(service.aws.describeSecret({ SecretId: name })).rejects.toThrow("can't find");
  });

  test('repeated changes nothing, and tells the same instant', async () => {
    const until = await withdraw();
    service.pass(DAY);
    expect(await withdraw()).toBe(until);
  });

  test('by force leaves nothing, also where the recovery window is running', async () => {
    await withdraw();
    expect(await withdraw(true)).toEqual(expect.any(Number));
    await expect(service.aws.describeSecret({ SecretId: name })).rejects.toThrow("can't find");
  });

  test('of nothing is nothing', async () => {
    await withdraw(true);
    expect(await withdraw()).toBeUndefined();
  });

  test.each([false, true])('(force: %s) is undone by the next publication', async (force) => {
    await withdraw(force);
    await vault.publish(connection, 'newer token', token(2));
    expect(await read()).toMatchObject({ SecretString: 'newer token' });
  });

  test.each(['DeleteSecret', 'DescribeSecret'])(
    'that we may not %s is misconfigured, and says that n8n can still read it',
    async (operation) => {
      if (operation === 'DescribeSecret') await withdraw();
      denied.add(`${operation} ${name}`);
      expect(toFailure(await rejectionOf(withdraw()))).toMatchObject({
        class: 'misconfigured',
        code: 'withdraw_denied',
        action: expect.stringContaining('cdk deploy'),
      });
    },
  );
});
