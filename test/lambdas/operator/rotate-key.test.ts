import '../../support/services/output.ts';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../lambdas/aws/table/connections.ts';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { SETTLE_SECONDS } from '../../../lambdas/tokens/key-rotation/reseal.ts';
import { sealedWith } from '../../../lambdas/tokens/sealing/seal.ts';
import { deriveSealingPair } from '../../../lambdas/tokens/sealing/sealing-pair.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { logLines, takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

const KEYS = { sealing: 'zoom-token-refresher/sealing-key', link: 'zoom-token-refresher/link-key' };

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let client: DynamoDBClient;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  client = new DynamoDBClient();
  takeOutput();
});
afterEach(async () => {
  client.destroy();
  await services.close();
});

const rotateKey = (request: object = {}) =>
  functions.granted<OperatorResults['rotate-key']>({ action: 'rotate-key', ...request });
const keyStatus = () => functions.granted<OperatorResults['key-status']>({ action: 'key-status' });
const secretText = async (SecretId: string, VersionStage = 'AWSCURRENT') =>
  (await services.secretsManager.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString ??
  '';
const publicKey = () => JSON.parse(String(services.objects.get('sealing-key/public.json')));
async function sweepUntilCompleted(): Promise<void> {
  await functions.sweep();
  services.clock.advance(SETTLE_SECONDS);
  for (let minute = 0; minute < 6; minute += 1) {
    await functions.sweep();
    services.clock.advance(60);
  }
}

describe('the action rotate-key', () => {
  test('replaces both keys, and publishes the public half that the callback seals with', async () => {
    const { keys } = await rotateKey();
    const seed = await secretText(KEYS.sealing);
    expect([services.seed, services.linkKey]).not.toContain(seed);
    expect(await secretText(KEYS.sealing, 'AWSPREVIOUS')).toBe(services.seed);
    expect(await secretText(KEYS.link)).not.toBe(services.linkKey);
    const pair = await deriveSealingPair(seed);
    expect(publicKey()).toEqual(pair.publicKey);
    expect(keys).toMatchObject({ keyId: pair.id, isPreviousNeeded: true });
  });

  test('a consent after it is sealed with the new key by a new callback function, and published', async () => {
    await rotateKey();
    const { page } = await createFunctions(services).connect('main');
    expect(page.status).toBe(200);
    const stored = await createConnectionsTable(client, services.environment.TABLE_NAME ?? '').get('main');
    expect(sealedWith(stored?.sealedTokens ?? '')).toBe((await keyStatus()).keyId);
    expect(await services.published('main')).toBeDefined();
  });

  test('everything stored is sealed with the new key by the sweeps, and its connection rotates with it alone', async () => {
    await functions.connect('main');
    await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
    await functions.sweep();
    await rotateKey();
    expect((await keyStatus()).sealed).toMatchObject({ previous: 2 });
    await sweepUntilCompleted();
    expect(await keyStatus()).toMatchObject({
      sealed: { previous: 0, other: 0 },
      completedAt: expect.any(Number),
      isPreviousNeeded: false,
    });
    // The previous value is lost with the next rotation of the keys.
    await rotateKey();
    await sweepUntilCompleted();
    services.clock.advance(60 * 60);
    await createFunctions(services).sweep();
    const { connections } = await functions.granted<OperatorResults['status']>({ action: 'status' });
    expect(connections.map(({ status, failures }) => ({ status, failures }))).toEqual([
      { status: 'active', failures: 0 },
      { status: 'active', failures: 0 },
    ]);
  });

  test('an open link is refused by a function that reads the key, and within ten minutes by every other', async () => {
    const { link } = await functions.granted<OperatorResults['link']>({ action: 'link', connection: 'main' });
    const warm = createFunctions(services);
    expect((await warm.visit(link)).status).toBe(200);
    const { links } = await rotateKey();
    expect(links).toMatchObject([{ connection: 'main', state: 'waiting' }]);
    const refused = { status: 400 };
    expect(await createFunctions(services).follow(link)).toMatchObject({ response: refused });
    services.clock.advance(600);
    expect(await warm.follow(link)).toMatchObject({ response: refused });
  });

  test('a consent at Zoom whose link it ended is refused when it comes back, and nothing is connected', async () => {
    const { returned, cookies } = await functions.consent('main');
    await rotateKey();
    const page = await createFunctions(services).visit(returned, { cookies });
    expect(page.status).toBe(400);
    const { connections } = await functions.granted<OperatorResults['status']>({ action: 'status' });
    expect(connections).toEqual([]);
  });

  test('the links that it ended are made anew at once, by any function', async () => {
    await functions.granted({ action: 'link', connection: 'main' });
    const warm = createFunctions(services);
    await warm.granted({ action: 'links' });
    await rotateKey();
    const { renewed } = await warm.granted<OperatorResults['links-renew']>({ action: 'links-renew' });
    expect(renewed).toMatchObject([{ connection: 'main' }]);
    expect((await createFunctions(services).follow(renewed[0]?.link ?? '')).response.status).toBe(303);
  });

  test('a preview names the open links and changes no secret', async () => {
    await functions.granted({ action: 'link', connection: 'main' });
    expect((await rotateKey({ preview: true })).links).toMatchObject([{ connection: 'main' }]);
    expect(await secretText(KEYS.sealing)).toBe(services.seed);
    expect(await secretText(KEYS.link)).toBe(services.linkKey);
  });

  test.each(Object.values(KEYS))(
    'without the right to write %s, it says so, and can be repeated with it',
    async (secret) => {
      await functions.sweep();
      services.denied.add(`PutSecretValue ${secret}`);
      expect(await functions.operate({ action: 'rotate-key' })).toMatchObject({
        ok: false,
        error: {
          class: 'misconfigured',
          code: 'keys_partly_replaced',
          message: expect.stringContaining('cannot write'),
        },
      });
      expect(await secretText(KEYS.sealing)).toBe(services.seed);
      services.denied.clear();
      await rotateKey();
      expect(await secretText(KEYS.sealing)).not.toBe(services.seed);
    },
  );

  test('writes no key into a response or a log line, and one line that says what happened', async () => {
    await functions.granted({ action: 'link', connection: 'main' });
    const response = JSON.stringify([await rotateKey(), await keyStatus()]);
    await sweepUntilCompleted();
    const output = takeOutput();
    for (const key of [
      await secretText(KEYS.sealing),
      await secretText(KEYS.link),
      services.seed,
      services.linkKey,
    ]) {
      expect(response).not.toContain(key);
      expect(output.join('\n')).not.toContain(key);
    }
    expect(logLines(output)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ message: 'the keys were replaced', links: 1 }),
        expect.objectContaining({ message: 'everything that is stored is sealed with the current key' }),
      ]),
    );
  });
});

describe('status and check', () => {
  const brief = async () => ({
    status: (await functions.granted<OperatorResults['status']>({ action: 'status' })).keyRotation,
    check: (await functions.granted<OperatorResults['check']>({ action: 'check' })).keyRotation,
  });

  test('say nothing of a rotation of the keys in a new installation', async () => {
    expect(await brief()).toEqual({ status: undefined, check: undefined });
    await functions.sweep();
    expect(await brief()).toMatchObject({ status: undefined, check: { completedAt: expect.any(Number) } });
  });

  test('say that a rotation of the keys is under way, and check when it was completed', async () => {
    await functions.connect('main');
    await functions.sweep();
    await rotateKey();
    const since = services.clock.now();
    expect(await brief()).toEqual({ status: { since }, check: { since } });
    await sweepUntilCompleted();
    expect(await brief()).toEqual({ status: undefined, check: { since, completedAt: expect.any(Number) } });
  });
});
