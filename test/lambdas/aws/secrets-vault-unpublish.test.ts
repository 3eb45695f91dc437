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
let name: string;
let connection: string;
let tests = 0;

beforeAll(async () => {
  service = await standIn((secret, operation) => denied.has(`${operation} ${secret}`));
  vault = vaultOn(service);
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
const unpublish = (force = false) => vault.unpublish(connection, { force });

describe('the deletion of a published secret', () => {
  test('hides the value immediately, deletes the secret after seven days and returns when', async () => {
    const until = await unpublish();
    await expect(read()).rejects.toThrow('marked for deletion');
    const { DeletedDate } = await service.aws.describeSecret({ SecretId: name });
    expect(until).toBe((DeletedDate?.getTime() ?? 0) / 1000);
    service.pass(7 * DAY - 1);
    await service.aws.describeSecret({ SecretId: name });
    service.pass(1);
    await expect(service.aws.describeSecret({ SecretId: name })).rejects.toThrow("can't find");
  });

  test('repeated changes nothing and returns the same time', async () => {
    const until = await unpublish();
    service.pass(DAY);
    expect(await unpublish()).toBe(until);
  });

  test('with force is permanent, also during the recovery window', async () => {
    await unpublish();
    expect(await unpublish(true)).toEqual(expect.any(Number));
    await expect(service.aws.describeSecret({ SecretId: name })).rejects.toThrow("can't find");
  });

  test('of a secret that does not exist returns nothing', async () => {
    await unpublish(true);
    expect(await unpublish()).toBeUndefined();
  });

  test.each([false, true])('(force: %s) is undone by the next publication', async (force) => {
    await unpublish(force);
    await vault.publish(connection, 'newer token', token(2));
    expect(await read()).toMatchObject({ SecretString: 'newer token' });
  });

  test.each(['DeleteSecret', 'DescribeSecret'])(
    'without the permission for %s is misconfigured',
    async (operation) => {
      if (operation === 'DescribeSecret') await unpublish();
      denied.add(`${operation} ${name}`);
      expect(toFailure(await rejectionOf(unpublish()))).toMatchObject({
        class: 'misconfigured',
        code: 'withdraw_denied',
        action: expect.stringContaining('cdk deploy'),
      });
    },
  );
});
