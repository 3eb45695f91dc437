import { beforeEach, describe, expect, test } from '@jest/globals';
import { createAppCredentials } from '../../../lambdas/aws/app-credentials.ts';
import type { AppCredentials } from '../../../lambdas/tokens/vault.ts';
import { rejectionOf } from '../../support/rejection.ts';

const secrets = new Map(['default', 'other', 'constructor'].map((app) => [app, `app/${app}`]));
let time: number;
let secret: string | undefined;
let failure: Error | undefined;
let reads: string[];
let credentials: AppCredentials;

beforeEach(() => {
  time = 1_000_000;
  reads = [];
  failure = undefined;
  store('first');
  const reader = {
    read: async (secretId: string) => {
      reads.push(secretId);
      if (failure) throw failure;
      return secret;
    },
  };
  credentials = createAppCredentials(reader, secrets, () => time);
});

const store = (client_id: string) => {
  secret = JSON.stringify({ client_id, client_secret: 's' });
};
const clientId = async (fresh = false, app = 'default') => (await credentials.app(app, { fresh })).clientId;

describe("an app's credentials", () => {
  test('are used for 60 s, and then read again', async () => {
    expect(await clientId()).toBe('first');
    store('second');
    time += 59;
    expect(await clientId()).toBe('first');
    time += 1;
    expect(await clientId()).toBe('second');
    expect(reads).toEqual(['app/default', 'app/default']);
  });

  test('are read again when the clock was set back', async () => {
    await clientId();
    store('second');
    time -= 3600;
    expect(await clientId()).toBe('second');
  });

  test('are read immediately when they are requested fresh', async () => {
    await clientId();
    store('second');
    expect(await clientId(true)).toBe('second');
  });
});

describe('a request of a stranger', () => {
  const fitting = async (id: string, app = 'default') =>
    (await credentials.appThat(app, ({ clientId: stored }) => stored === id))?.clientId;

  test('is compared with what is cached, without a read', async () => {
    await clientId();
    expect(await fitting('first')).toBe('first');
    expect(reads).toHaveLength(1);
  });

  test('that fits a value which was just stored is found by a read', async () => {
    expect(await fitting('first')).toBe('first');
    store('second');
    expect(await fitting('second')).toBe('second');
    store('third');
    expect(await fitting('third')).toBe('third');
  });

  test('that fits nothing costs one read in 10 s for each app, whatever the rate', async () => {
    for (let second = 0; second < 120; second += 1) {
      for (let request = 0; request < 50; request += 1) {
        expect(await fitting('forged')).toBeUndefined();
        await fitting('forged', 'other');
      }
      time += 1;
    }
    for (const app of ['app/default', 'app/other']) {
      expect(reads.filter((read) => read === app)).toHaveLength(12);
    }
  });

  test('of an app that is not deployed reads nothing', async () => {
    const unknown = await rejectionOf(fitting('first', 'unknown'));
    expect(unknown).toMatchObject({ class: 'misconfigured', code: 'app_not_deployed' });
    await fitting('first', 'constructor');
    expect(reads).toEqual(['app/constructor']);
  });

  test('that fits a new value is found within 10 s among requests that fit nothing', async () => {
    await fitting('forged');
    store('second');
    for (let second = 0; second < 10; second += 1) {
      await fitting('forged');
      time += 1;
    }
    expect(await fitting('second')).toBe('second');
  });

  test('no longer fits a replaced value after 60 s', async () => {
    await fitting('first');
    store('second');
    time += 60;
    expect(await fitting('first')).toBeUndefined();
  });

  test.each([
    ['the secret has no value', undefined],
    ['Secrets Manager does not respond', new Error('down')],
  ])('fails for 10 s as it failed first when %s, so that it causes no more reads', async (_, error) => {
    secret = undefined;
    failure = error;
    const failures = [];
    for (let request = 0; request < 50; request += 1) failures.push(await rejectionOf(fitting('first')));
    expect(new Set(failures).size).toBe(1);
    expect(reads).toHaveLength(1);
    failure = undefined;
    store('first');
    time += 10;
    expect(await fitting('first')).toBe('first');
  });
});
