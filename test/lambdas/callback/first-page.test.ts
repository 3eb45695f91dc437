import '../../support/services/output.ts';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLinkPageRuntime } from '../../../lambdas/link-page-runtime.ts';
import { callbackVariables } from '../../../local/functions.ts';
import { readPage } from '../../support/browser/read-page.ts';
import { takeRequests } from '../../support/faults/requests.ts';
import { expectRefused, NOT_OURS, secretDenied } from '../../support/services/bad-input.ts';
import { createFunctions, type Functions, functionsWith } from '../../support/services/handlers.ts';
import { APP_PREFIX, type Services, startServices } from '../../support/services/services.ts';

// A new callback function shows a link's page before it loads the SDK's clients. They read what could not be read so.

let services: Services;
let operator: Functions;
let callback: Functions;
let wholeLoads: number;
let link: string;
beforeEach(async () => {
  services = await startServices();
  const { runtime, ...functions } = createFunctions(services);
  operator = functions;
  wholeLoads = 0;
  const loadWhole = () => {
    wholeLoads += 1;
    return runtime;
  };
  const page = createLinkPageRuntime(
    async () => loadWhole(),
    callbackVariables(services.environment),
    services.clock.now,
  );
  callback = functionsWith(loadWhole, services, loadWhole, () => page);
  ({ link } = await operator.granted<{ link: string }>({ action: 'link', connection: 'main' }));
  takeRequests();
});
afterEach(() => services.close());

const APP = `${APP_PREFIX}default`;
const READS = ['SecretsManager.GetSecretValue', 'DynamoDB.GetItem', 'SecretsManager.GetSecretValue'];

describe('the page of a link', () => {
  test('is shown after three reads, without the SDK', async () => {
    const first = await callback.visit(link);
    expect(takeRequests()).toEqual(READS);
    expect(wholeLoads).toBe(0);
    expect(first.status).toBe(200);
    const usual = await operator.visit(link);
    expect(first.body).toBe(usual.body);
    expect(first.headers).toEqual(usual.headers);
  });

  test('is followed by the same consent', async () => {
    await callback.visit(link);
    const { page } = await callback.connect('main');
    expect(page.status).toBe(200);
    expect(await services.published('main')).toBeDefined();
  });

  test('of a used link says that it was used', async () => {
    await callback.follow(link);
    const page = await callback.visit(link);
    expect(page.status).toBe(410);
    expect(readPage(page.body).title).toBe('This link was already used');
  });

  test('is refused for a forged ticket before the SDK is loaded', async () => {
    await expectRefused(services, () => callback.visit(`${link}x`), NOT_OURS);
    expect(wholeLoads).toBe(0);
  });
});

describe('what cannot be read at the first attempt is read by the SDK, which knows why it cannot:', () => {
  test('a link that was deleted', async () => {
    const [, payload = ''] = new URL(link).searchParams.get('ticket')?.split('.') ?? [];
    const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const table = new DynamoDB();
    const Key = { connection: { S: `link#${jti}` } };
    await table.deleteItem({ TableName: services.environment.TABLE_NAME, Key });
    table.destroy();
    await expectRefused(services, () => callback.visit(link), NOT_OURS);
    expect(wholeLoads).toBe(1);
  });

  test('an app secret that the function may not read', async () => {
    services.denied.add(`GetSecretValue ${APP}`);
    await expectRefused(services, () => callback.visit(link), secretDenied(APP));
    expect(wholeLoads).toBe(1);
  });

  test('a link key whose service fails once', async () => {
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = services.nowhere;
    expect((await callback.visit(link)).status).toBe(200);
    expect(wholeLoads).toBe(2);
  });
});
