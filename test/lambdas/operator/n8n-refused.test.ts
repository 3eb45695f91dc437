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
      { class: 'retry', code: 'n8n_unavailable', message: /503/, action: /./ },
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
      message: /does not push/,
      action: /n8nPush/,
    });
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
