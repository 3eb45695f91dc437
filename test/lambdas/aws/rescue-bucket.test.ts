import '../../support/services/aws-environment.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRescueBucket } from '../../../lambdas/aws/rescue-bucket.ts';
import type { RescueKey, RescueStore } from '../../../lambdas/tokens/rescue.ts';
import { type S3Error, startS3 } from '../../../local/aws/s3.ts';

const BUCKET = 'rescue';
const KEY = { connection: 'main', generation: 2, version: 7 };
const TOKENS = {
  sealedTokens: 'sealed',
  expiresAt: 1_900_003_600,
  rotatedAt: 1_900_000_000,
  clientId: 'app',
  scope: 'user:read',
};

let s3: Awaited<ReturnType<typeof startS3>>;
let failures: S3Error[] = [];
let requests: string[] = [];
let rescue: RescueStore;
const clients: { destroy(): void }[] = [];

beforeAll(async () => {
  s3 = await startS3({
    bucket: BUCKET,
    failing: (operation, key) => {
      requests.push(`${operation} ${key}`);
      return failures.shift();
    },
  });
  process.env.AWS_ENDPOINT_URL_S3 = s3.url;
});
beforeEach(() => {
  failures = [];
  requests = [];
  rescue = open();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await s3.close();
});

/** The bucket as a new execution environment has it. */
function open(): RescueStore {
  return createRescueBucket(BUCKET, (S3Client) => {
    const client = new S3Client({ maxAttempts: 2 });
    clients.push(client);
    return client;
  });
}

describe('the rescue bucket', () => {
  test('returns the tokens that were kept for a version, and nothing for another version or generation', async () => {
    await rescue.put(KEY, TOKENS);
    expect(await rescue.get(KEY)).toEqual(TOKENS);
    expect(await rescue.get({ ...KEY, version: 8 })).toBeUndefined();
    expect(await rescue.get({ ...KEY, generation: 3 })).toBeUndefined();
    expect(await rescue.get({ ...KEY, connection: 'mai' })).toBeUndefined();
  });

  test('names an object by connection, generation and version', async () => {
    await rescue.put(KEY, TOKENS);
    expect(requests).toEqual(['PutObject pairs/main/2-7']);
    expect(JSON.parse(String(s3.objects.get('pairs/main/2-7')))).toEqual(TOKENS);
  });

  test('keeps a consent under its id', async () => {
    const key = { connection: 'main', consentId: 'f00' };
    await rescue.put(key, TOKENS);
    expect(requests).toEqual(['PutObject pairs/main/consent-f00']);
    expect(await rescue.get(key)).toEqual(TOKENS);
  });

  test('keeps tokens without a client id', async () => {
    const { clientId: _, ...tokens } = TOKENS;
    await rescue.put(KEY, tokens);
    expect(await rescue.get(KEY)).toEqual(tokens);
  });

  test('forgets what is removed, and a repetition of the removal succeeds', async () => {
    await rescue.put(KEY, TOKENS);
    await rescue.remove(KEY);
    await rescue.remove(KEY);
    expect(await rescue.get(KEY)).toBeUndefined();
  });

  test('lists the keys of all that is kept, of several pages, and of no other object', async () => {
    const keys: RescueKey[] = [{ connection: 'main', consentId: 'f00' }];
    for (let version = 0; version < 150; version += 1)
      keys.push({ connection: 'many', generation: 1, version });
    for (const name of [...s3.objects.keys()]) (s3.objects as Map<string, Buffer>).delete(name);
    for (const key of keys) await rescue.put(key, TOKENS);
    for (const name of ['sealing-key/public.json', 'pairs/main/other', 'pairs/odd'])
      (s3.objects as Map<string, Buffer>).set(name, Buffer.from('{}'));
    const found: RescueKey[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await rescue.list(after);
      found.push(...page.keys);
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBe(2);
    expect(found).toHaveLength(keys.length);
    expect(found).toEqual(expect.arrayContaining(keys));
  });

  test('lists nothing where nothing is kept', async () => {
    for (const name of [...s3.objects.keys()]) (s3.objects as Map<string, Buffer>).delete(name);
    expect(await rescue.list()).toEqual({ keys: [] });
  });

  test.each<S3Error>(['SlowDown', 'InternalError'])('repeats a request after one %s', async (failure) => {
    failures = [failure];
    await rescue.put(KEY, TOKENS);
    failures = [failure];
    expect(await rescue.get(KEY)).toEqual(TOKENS);
  });
});

describe('a rescue bucket that cannot be read is no empty one: rescue_unreadable is thrown', () => {
  beforeEach(() => rescue.put(KEY, TOKENS));

  test.each<S3Error>(['AccessDenied', 'NoSuchBucket', 'SlowDown', 'InternalError'])(
    'after %s',
    async (failure) => {
      failures = [failure, failure, failure];
      await expect(rescue.get(KEY)).rejects.toMatchObject({
        class: 'retry',
        code: 'rescue_unreadable',
        message: expect.stringContaining('Zoom was not asked'),
        action: expect.stringContaining(BUCKET),
      });
    },
  );

  test('where nothing listens', async () => {
    process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:9';
    const unreachable = open();
    await expect(unreachable.get(KEY)).rejects.toMatchObject({ code: 'rescue_unreadable' });
    await expect(unreachable.put(KEY, TOKENS)).rejects.toThrow();
    process.env.AWS_ENDPOINT_URL_S3 = s3.url;
  });

  test.each([
    ['half a body', '{"sealedTokens":"sea'],
    ['nothing', ''],
    ['another JSON', '{"sealedTokens":7}'],
  ])('where the object is %s', async (_what, body) => {
    (s3.objects as Map<string, Buffer>).set('pairs/main/2-7', Buffer.from(body));
    await expect(rescue.get(KEY)).rejects.toMatchObject({ code: 'rescue_unreadable' });
  });
});

test('tokens that S3 refuses are not kept: the write rejects', async () => {
  failures = ['AccessDenied'];
  await expect(rescue.put(KEY, TOKENS)).rejects.toThrow('Access Denied');
});
