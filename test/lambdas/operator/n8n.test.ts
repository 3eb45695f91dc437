import '../../support/services/output.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { expectOperatorRefused } from '../../support/services/bad-input.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { startN8n } from '../../support/services/n8n-server.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let office: Awaited<ReturnType<typeof startN8n>>;
beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
  office = await startN8n();
  services.watch.note('the API key of n8n', office.n8n.apiKey);
});
afterEach(() => {
  office.control.misbehaves = undefined;
  office.n8n.isDown = false;
});
afterAll(() => Promise.all([office.close(), services.close()]));

interface Linked {
  connection: ConnectionView;
  credentialId: string;
  created: boolean;
}

const connectServer = (connection: string) =>
  functions.granted({ action: 'connect', connection, app: 'reports' });
const requestFor = (connection: string, changed: object = {}) => ({
  action: 'n8n-link',
  connection,
  instance: 'office',
  url: office.url,
  apiKey: office.n8n.apiKey,
  ...changed,
});
const link = (connection: string, changed?: object) =>
  functions.granted<Linked>(requestFor(connection, changed));
const unlink = (connection: string, instance = 'office') =>
  functions.granted<{ connection: ConnectionView }>({ action: 'n8n-unlink', connection, instance });

describe('n8n-link', () => {
  test('makes a credential that has the token already, and says so', async () => {
    await connectServer('main');
    const { connection, credentialId, created } = await link('main');
    expect(created).toBe(true);
    expect(office.n8n.credentials.get(credentialId)).toMatchObject({ name: 'Zoom main', type: 'zoomApi' });
    expect(office.n8n.token(credentialId)).toBe(await services.published('main'));
    expect(connection.targets).toEqual([{ instance: 'office', credentialId, pushedVersion: 1, failures: 0 }]);
    expect(connection).not.toHaveProperty('leaseOwner');
    expect(await services.n8nInstances()).toEqual({
      office: { url: office.url, api_key: office.n8n.apiKey },
    });
  });

  test('is seen in the status, without the key', async () => {
    const { connections } = await functions.granted<{ connections: ConnectionView[] }>({
      action: 'status',
      connection: 'main',
    });
    expect(connections[0]?.targets).toMatchObject([{ instance: 'office', failures: 0 }]);
  });

  test('is followed by each rotation', async () => {
    const { connection } = await link('main');
    await functions.granted({ action: 'rotate', connection: 'main' });
    const id = connection.targets?.[0]?.credentialId;
    expect(await services.zoomStatus(String(office.n8n.token(id)))).toBe(200);
    expect(office.n8n.token(id)).toBe(await services.published('main'));
  });

  test('again, with a new key, keeps the credential', async () => {
    const before = office.n8n.credentials.size;
    const { created } = await link('main');
    expect(created).toBe(false);
    expect(office.n8n.credentials.size).toBe(before);
  });

  test('again makes a new credential where the old one was deleted in n8n', async () => {
    const { credentialId } = await link('main');
    office.n8n.credentials.delete(credentialId);
    const again = await link('main', { credentialName: 'Zoom, again' });
    expect(again.created).toBe(true);
    expect(office.n8n.credentials.get(again.credentialId)).toMatchObject({ name: 'Zoom, again' });
  });

  test('takes a credential that is there', async () => {
    const id = office.n8n.add('zoomApi', { accessToken: 'pasted by hand' });
    expect(await link('main', { credentialId: id })).toMatchObject({ credentialId: id, created: false });
    expect(office.n8n.token(id)).toBe(await services.published('main'));
  });

  test('waits while the connection is being rotated', async () => {
    const { runtime } = functions;
    const now = runtime.now();
    const lease = { owner: 'a-sweep', now, until: now + 180, early: true };
    const held = (await runtime.store.lease('main', lease)) as Connection;
    const linking = link('main');
    await runtime.store.release(held);
    expect(await linking).toMatchObject({ created: false });
  });

  test('of two connections at once loses neither', async () => {
    await connectServer('second');
    const both = [link('main'), link('second', { instance: 'home' })];
    await Promise.all(both);
    expect(Object.keys(await services.n8nInstances()).sort()).toEqual(['home', 'office']);
    await unlink('second', 'home');
  });
});

describe('n8n-link is refused, and nothing is stored,', () => {
  const refuse = (changed: object, refusal: Parameters<typeof expectOperatorRefused>[3]) =>
    expectOperatorRefused(services, functions, requestFor('main', changed), refusal);
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

  test('for a key that n8n does not know', () =>
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

  test('for a credential of another type, which keeps what it holds', async () => {
    const id = office.n8n.add('slackApi', { accessToken: 'of Slack' });
    await refuse(
      { credentialId: id },
      { class: 'rejected', code: 'n8n_wrong_type', message: /slackApi/, action: /Access Token/ },
    );
    expect(office.n8n.token(id)).toBe('of Slack');
  });

  test('for a credential that is not there, when it was named', () =>
    refuse(
      { credentialId: 'nowhere' },
      { class: 'misconfigured', code: 'n8n_credential_gone', message: /nowhere/, action: /again/ },
    ));

  test('for a connection that is unknown', () =>
    refuse(
      { connection: 'nobody' },
      { class: 'rejected', code: 'unknown_connection', message: /nobody/, action: /./ },
    ));

  test('where the deployment does not push', async () => {
    const without = createFunctions(services, { N8N_SECRET_ID: undefined });
    await expectOperatorRefused(services, without, requestFor('main'), {
      class: 'rejected',
      code: 'push_off',
      message: /does not push/,
      action: /n8nPush/,
    });
  });
});

describe('n8n-unlink', () => {
  test('ends the pushing; n8n keeps its credential, and the key stays for those who use it', async () => {
    const { credentialId } = await link('main');
    await link('second');
    const { connection } = await unlink('main');
    expect(connection).not.toHaveProperty('targets');
    expect(Object.keys(await services.n8nInstances())).toEqual(['office']);
    const token = office.n8n.token(credentialId);
    await functions.granted({ action: 'rotate', connection: 'main' });
    expect(office.n8n.token(credentialId)).toBe(token);
  });

  test('of the last connection forgets the key', async () => {
    await unlink('second');
    expect(await services.n8nInstances()).toEqual({});
  });

  test('of what is not linked changes nothing', async () => {
    const before = await functions.runtime.store.get('main');
    await unlink('main');
    expect(await functions.runtime.store.get('main')).toEqual(before);
  });

  test.each(['reconnect', 'disconnected'] as const)(
    'works for a connection that is %s; a link does not',
    async (status) => {
      await connectServer('gone');
      await link('gone');
      const { runtime } = functions;
      const now = runtime.now();
      const held = await runtime.store.lease('gone', { owner: 'me', now, until: now + 9, early: true });
      const lastError = {
        class: 'reconnect',
        code: 'invalid_token',
        message: 'm',
        action: 'a',
        at: 1,
      } as const;
      await runtime.store.fail(held as Connection, {
        status,
        dueAt: now,
        validUntil: 0,
        failures: 1,
        lastError,
      });
      await expectOperatorRefused(services, functions, requestFor('gone'), {
        class: 'rejected',
        code: 'not_connected',
        message: `"gone" has no token to push: it is in the state "${status}".`,
        action: 'Connect it again: zoom-tokens connect gone.',
      });
      const { connection } = await unlink('gone');
      expect(connection).toMatchObject({ status });
      expect(connection).not.toHaveProperty('targets');
    },
  );
});

test('a sweep counts what n8n has taken, and what it has not', async () => {
  await link('main');
  services.clock.advance(50 * 60);
  expect(await functions.sweep()).toMatchObject({ pushed: 1, pushFailed: 0 });
  office.n8n.isDown = true;
  services.clock.advance(50 * 60);
  expect(await functions.sweep()).toMatchObject({ rotated: expect.any(Number), pushed: 0, pushFailed: 1 });
});

describe('the secret with the n8n instances', () => {
  test.each([
    ['is no JSON', 'office'],
    ['lacks a field', '{"instances":{"office":{"url":"https://n8n.example.com"}}}'],
    ['is empty', '{}'],
    ['has a list', '{"instances":[]}'],
  ])('that %s is the operator’s to mend', async (_, value) => {
    await services.writeSecret('zoom-token-refresher/n8n', value);
    expect(await functions.operate(requestFor('second', { instance: 'home' }))).toMatchObject({
      ok: false,
      error: { class: 'misconfigured', code: 'n8n_secret_unusable' },
    });
    await services.writeSecret('zoom-token-refresher/n8n', '{"instances":{}}');
  });

  test('has every instance that has a name, also one that JavaScript has a meaning for', async () => {
    await connectServer('named');
    const { credentialId } = await link('named', { instance: 'constructor' });
    await functions.granted({ action: 'rotate', connection: 'named' });
    expect(office.n8n.token(credentialId)).toBe(await services.published('named'));
  });

  test.each(['GetSecretValue', 'PutSecretValue'])('that denies %s says what to do', async (operation) => {
    services.denied.add(`${operation} zoom-token-refresher/n8n`);
    expect(await functions.operate(requestFor('second', { instance: 'home' }))).toMatchObject({
      ok: false,
      error: {
        class: 'misconfigured',
        code: 'n8n_secret_denied',
        action: expect.stringMatching('Deploy again'),
      },
    });
    services.denied.clear();
  });
});
