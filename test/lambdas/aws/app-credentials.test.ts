import { beforeEach, describe, expect, test } from '@jest/globals';
import { createAppCredentials } from '../../../lambdas/aws/app-credentials.ts';
import type { AppCredentials } from '../../../lambdas/tokens/vault.ts';
import { rejectionOf } from '../../support/rejection.ts';

const secrets = new Map(['default', 'other', 'constructor'].map((app) => [app, `app/${app}`]));
let time: number;
let secret: string | undefined;
let reads: string[];
let credentials: AppCredentials;

beforeEach(() => {
  time = 1_000_000;
  reads = [];
  store('first');
  const reader = {
    read: async (secretId: string) => {
      reads.push(secretId);
      return secret;
    },
  };
  credentials = createAppCredentials(reader, secrets, () => time);
});

const store = (client_id: string) => {
  secret = JSON.stringify({ client_id, client_secret: 's' });
};
const clientId = async (fresh: boolean | 'sparingly' = false, app = 'default') =>
  (await credentials.app(app, { fresh })).clientId;

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

describe('a sparing read', () => {
  test('follows a replacement immediately, also right after an ordinary read', async () => {
    await clientId();
    store('second');
    expect(await clientId('sparingly')).toBe('second');
  });

  test('is made once in 10 s for each app', async () => {
    for (let request = 0; request < 50; request += 1) await clientId('sparingly');
    await clientId('sparingly', 'other');
    expect(reads).toEqual(['app/default', 'app/other']);
    time += 10;
    await clientId('sparingly');
    expect(reads).toEqual(['app/default', 'app/other', 'app/default']);
  });

  test('is replayed with its failure for 10 s, so that strangers cause no more reads', async () => {
    secret = undefined;
    for (let request = 0; request < 50; request += 1) {
      await rejectionOf(clientId());
      await rejectionOf(clientId('sparingly'));
    }
    expect(reads).toHaveLength(2);
    store('second');
    time += 10;
    expect(await clientId()).toBe('second');
  });

  test('of an app that is not deployed reads nothing', async () => {
    const unknown = await rejectionOf(clientId('sparingly', 'unknown'));
    expect(unknown).toMatchObject({ class: 'misconfigured', code: 'app_not_deployed' });
    await clientId('sparingly', 'constructor');
    expect(reads).toEqual(['app/constructor']);
  });
});
