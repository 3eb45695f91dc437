import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expectOperatorRefused } from '../../support/services/bad-input.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { type N8nInstallation, startN8nInstallation } from '../../support/services/n8n-installation.ts';

let services: N8nInstallation['services'];
let functions: N8nInstallation['functions'];
let office: N8nInstallation['office'];
let operator: N8nInstallation['operator'];
beforeEach(async () => {
  ({ services, functions, office, operator } = await startN8nInstallation());
});
afterEach(() => Promise.all([office.close(), services.close()]));

describe('n8n-link is refused and stores nothing', () => {
  const refuse = (changed: object, refusal: Parameters<typeof expectOperatorRefused>[3]) =>
    expectOperatorRefused(services, functions, operator.requestFor('main', changed), refusal);
  const NOT_HTTPS = {
    class: 'rejected',
    code: 'invalid_url',
    message: /must begin with https/,
    action: /n8n.example.com/,
  };

  test.each([
    'n8n.example.com',
    'http://n8n.example.com',
    'http://localhost.example.com',
    'ftp://n8n.example.com',
    'https://me:secret@n8n.example.com',
    'https://n8n.example.com/?x=1',
    'https://n8n.example.com/#x',
    '',
  ])('for the address "%s"', (url) => refuse({ url }, NOT_HTTPS));

  test.each(['', 'a key', 'k\u00e9y', 'key\r\nx-other: 1', 'k'.repeat(4097)])('for the key %j', (apiKey) =>
    refuse(
      { apiKey },
      { class: 'rejected', code: 'invalid_api_key', message: /empty/, action: /credential:create/ },
    ),
  );

  test.each(['', 'Office', 'a-b', '__proto__'])('for the instance "%s"', (instance) =>
    refuse(
      { instance },
      { class: 'rejected', code: 'invalid_name', message: /an n8n instance/, action: /lower-case/ },
    ),
  );

  test('for an API key that n8n does not accept', () =>
    refuse(
      { apiKey: 'another-key' },
      { class: 'misconfigured', code: 'n8n_key_refused', message: /401/, action: /new one/ },
    ));

  test('for an n8n that is down', async () => {
    office.n8n.isDown = true;
    await refuse(
      { instance: 'elsewhere' },
      {
        class: 'retry',
        code: 'n8n_unavailable',
        message: /503/,
        action: /^Nothing was linked\. .*run the command again/,
      },
    );
  });

  test('for a credential of another type, which is not changed', async () => {
    const id = office.n8n.add('slackApi', { accessToken: 'of Slack' });
    await refuse(
      { credentialId: id },
      { class: 'rejected', code: 'n8n_wrong_type', message: /slackApi/, action: /Zoom API/ },
    );
    expect(office.n8n.token(id)).toBe('of Slack');
  });

  test('for a credential that is named and does not exist', () =>
    refuse(
      { credentialId: 'nowhere' },
      { class: 'misconfigured', code: 'n8n_credential_gone', message: /nowhere/, action: /again/ },
    ));

  test('for an unknown connection', () =>
    refuse(
      { connection: 'nobody' },
      { class: 'rejected', code: 'unknown_connection', message: /nobody/, action: /./ },
    ));

  test('in a deployment that does not push', async () => {
    const without = createFunctions(services, { N8N_SECRET_ID: undefined });
    await expectOperatorRefused(services, without, operator.requestFor('main'), {
      class: 'rejected',
      code: 'push_off',
      message: /pushes tokens to no n8n/,
      action: `Whoever deploys adds it to the context in cdk.json: "n8nUrls": ["${office.url}"] Then deploy: npx cdk deploy`,
    });
  });

  test.each([false, true])(
    'for an address that the deployment does not list, and prints the line to add; external: %s',
    async (externalSecret) => {
      const listed = createFunctions(services, { N8N_URLS: '["https://n8n.example.com"]' });
      const request = operator.requestFor('main', { externalSecret, credentialId: 'any' });
      await expectOperatorRefused(services, listed, request, {
        class: 'rejected',
        code: 'n8n_url_not_listed',
        message: `This deployment does not push tokens to ${office.url}: its setting n8nUrls does not list it.`,
        action: `Whoever deploys adds it to the context in cdk.json: "n8nUrls": ["https://n8n.example.com","${office.url}"] Then deploy: npx cdk deploy`,
      });
    },
  );
});

test('n8n-unlink of an instance that is not linked changes nothing and says so', async () => {
  await operator.link('main');
  await expectOperatorRefused(
    services,
    functions,
    { action: 'n8n-unlink', connection: 'main', instance: 'elsewhere' },
    {
      class: 'rejected',
      code: 'n8n_not_linked',
      message: /not linked to an n8n instance "elsewhere"/,
      action: /status main/,
    },
  );
});

describe('an instance that other connections use', () => {
  const elsewhere = () => office.url.replace('127.0.0.1', 'localhost');
  beforeEach(async () => {
    await operator.connectServer('other');
    await operator.link('main');
    await operator.link('other');
  });

  test('keeps its address, and the refusal names them', () =>
    expectOperatorRefused(services, functions, operator.requestFor('main', { url: elsewhere() }), {
      class: 'rejected',
      code: 'n8n_instance_shared',
      message: `The n8n instance "office" is ${office.url}, and other connections use it: "other". Their tokens would be pushed to the new address.`,
      action: /--instance <name>.*--move/,
    }));

  test('is refused with ten of their names at most', async () => {
    for (let count = 10; count < 20; count += 1) {
      await operator.connectServer(`server_${count}`);
      await operator.link(`server_${count}`);
    }
    await expectOperatorRefused(services, functions, operator.requestFor('main', { url: elsewhere() }), {
      class: 'rejected',
      code: 'n8n_instance_shared',
      message: /: "other", "server_10", .*"server_18" and 1 more\. Their tokens/,
      action: /--move/,
    });
  });

  test('moves with all of them where the request says so', async () => {
    await operator.link('main', { url: elsewhere(), move: true });
    expect(await services.n8nInstances()).toMatchObject({ office: { url: elsewhere() } });
  });

  test('gets another API key without a question, and moves once no other connection uses it', async () => {
    await operator.link('main', { url: office.url });
    await functions.granted({ action: 'n8n-unlink', connection: 'other', instance: 'office' });
    await operator.link('main', { url: elsewhere() });
    expect(await services.n8nInstances()).toMatchObject({ office: { url: elsewhere() } });
  });
});

describe('the n8n secret', () => {
  test.each([
    ['is not valid JSON', 'office'],
    ['lacks a field', '{"instances":{"office":{"url":"https://n8n.example.com"}}}'],
    ['has no instances', '{}'],
    ['has a list of instances', '{"instances":[]}'],
  ])('that %s makes a link misconfigured', async (_, value) => {
    await services.writeSecret('zoom-token-refresher/n8n', value);
    expect(await functions.operate(operator.requestFor('main', { instance: 'home' }))).toMatchObject({
      ok: false,
      error: { class: 'misconfigured', code: 'n8n_secret_unusable' },
    });
  });

  test('can hold an instance with the name of a JavaScript property', async () => {
    await operator.connectServer('named');
    const { credentialId } = await operator.link('named', { instance: 'constructor' });
    await functions.granted({ action: 'rotate', connection: 'named' });
    expect(office.n8n.token(credentialId)).toBe(await services.published('named'));
  });

  test.each(['GetSecretValue', 'PutSecretValue'])(
    'that denies %s makes a link misconfigured and says what to do',
    async (operation) => {
      services.denied.add(`${operation} zoom-token-refresher/n8n`);
      expect(await functions.operate(operator.requestFor('main', { instance: 'home' }))).toMatchObject({
        ok: false,
        error: {
          class: 'misconfigured',
          code: 'n8n_secret_denied',
          action: expect.stringMatching('Deploy again'),
        },
      });
    },
  );
});
