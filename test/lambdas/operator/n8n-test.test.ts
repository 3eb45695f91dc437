import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { type N8nInstallation, startN8nInstallation } from '../../support/services/n8n-installation.ts';
import { takeOutput } from '../../support/services/output.ts';

// n8n's own test of a credential: after a link, after a failed push, for `doctor`, and for credentials that nothing writes.

let services: N8nInstallation['services'];
let functions: N8nInstallation['functions'];
let office: N8nInstallation['office'];
let operator: N8nInstallation['operator'];
beforeEach(async () => {
  ({ services, functions, office, operator } = await startN8nInstallation());
  office.n8n.scopes.add('credential:read');
  office.n8n.zoomAccepts = async (token) => (await services.zoomStatus(String(token))) === 200;
});
afterEach(() => Promise.all([office.close(), services.close()]));

const stored = () => functions.runtime.store.get('main');
const target = async () => (await stored())?.targets?.[0];
const tests = () => office.n8n.requests.filter((request) => request.endsWith('/test')).length;
const rotate = () => functions.granted({ action: 'rotate', connection: 'main' });
const testNow = (connections = ['main']) =>
  functions.granted<OperatorResults['n8n-test']>({ action: 'n8n-test', connections });

describe('a link', () => {
  test('lets n8n test the credential, and stores the result with the target', async () => {
    const result = await operator.link('main');
    const tested = { at: functions.runtime.now(), ok: true, message: 'Connection successful!' };
    expect(result).toMatchObject({ tested, connection: { targets: [{ tested }] } });
  });

  test('with a key that may not test succeeds, and says so', async () => {
    office.n8n.scopes.delete('credential:read');
    const { tested } = (await operator.link('main')) as OperatorResults['n8n-link'];
    expect(tested).toEqual({
      at: functions.runtime.now(),
      message: expect.stringContaining('credential:read'),
    });
    expect(await target()).not.toHaveProperty('tested');
  });

  test('whose test fails succeeds, and reports the failed test', async () => {
    office.n8n.zoomAccepts = () => false;
    expect(await operator.link('main')).toMatchObject({ created: true, tested: { ok: false } });
  });
});

describe('a push', () => {
  beforeEach(async () => {
    await operator.link('main');
  });

  test('that follows a successful one is not tested', async () => {
    const before = tests();
    await rotate();
    expect(tests()).toBe(before);
    expect(await target()).toMatchObject({ pushedVersion: 2, tested: { ok: true } });
  });

  test('that follows a failed one is tested once', async () => {
    office.n8n.isDown = true;
    await rotate();
    office.n8n.isDown = false;
    office.n8n.zoomAccepts = () => false;
    const before = tests();
    services.clock.advance(20 * 60);
    await functions.sweep();
    expect(await target()).toMatchObject({ pushedVersion: 2, failures: 0, tested: { ok: false } });
    expect(tests()).toBe(before + 1);
  });

  test('that follows a failed one and fails its test is logged with the connection', async () => {
    office.n8n.isDown = true;
    await rotate();
    office.n8n.isDown = false;
    office.n8n.zoomAccepts = () => false;
    takeOutput();
    services.clock.advance(20 * 60);
    await functions.sweep();
    const lines = takeOutput().filter((line) => line.includes('the test failed'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'WARN',
      connection: 'main',
      instance: 'office',
    });
  });

  test('succeeds with a key that may not test, and keeps the earlier result', async () => {
    office.n8n.scopes.delete('credential:read');
    const before = await target();
    office.n8n.isDown = true;
    await rotate();
    office.n8n.isDown = false;
    services.clock.advance(20 * 60);
    await functions.sweep();
    expect(await target()).toEqual({ ...before, pushedVersion: 2 });
  });
});

describe('a credential that reads the published secret', () => {
  const EXPRESSION = '={{ $secrets.aws.n8n_zoom_main }}';
  let credentialId: string;
  beforeEach(() => {
    credentialId = office.n8n.add('zoomApi', { accessToken: EXPRESSION });
    office.n8n.scopes = new Set(['credential:read']);
    office.n8n.zoomAccepts = async () =>
      (await services.zoomStatus(String(await services.published('main')))) === 200;
  });
  const register = () => operator.link('main', { credentialId, externalSecret: true });

  test('is registered, tested and never written', async () => {
    const { tested, connection } = (await register()) as OperatorResults['n8n-link'];
    expect(tested).toMatchObject({ ok: true });
    expect(connection.externalCredentials).toEqual([{ instance: 'office', credentialId, tested }]);
    expect(connection).not.toHaveProperty('targets');
    expect(await services.n8nInstances()).toMatchObject({ office: { url: office.url } });
    await rotate();
    expect(office.n8n.token(credentialId)).toBe(EXPRESSION);
    expect(office.n8n.requests).toEqual([`POST /api/v1/credentials/${credentialId}/test`]);
  });

  test('ends the pushes to it, which would overwrite its expression', async () => {
    office.n8n.scopes.add('credential:update');
    await operator.link('main', { credentialId });
    await register();
    expect(await stored()).not.toHaveProperty('targets');
  });

  test('is no longer external once it is pushed to', async () => {
    await register();
    office.n8n.scopes.add('credential:update');
    const { connection } = await operator.link('main', { credentialId });
    expect(connection).not.toHaveProperty('externalCredentials');
  });

  test('is forgotten by an unlink, with the key', async () => {
    await register();
    const { connection } = await operator.unlink('main');
    expect(connection).not.toHaveProperty('externalCredentials');
    expect(await services.n8nInstances()).toEqual({});
  });

  test('keeps the key of its instance when another connection is unlinked', async () => {
    await register();
    await operator.connectServer('second');
    await operator.unlink('second');
    expect(Object.keys(await services.n8nInstances())).toEqual(['office']);
  });

  test('is not registered where the key may not test it', async () => {
    office.n8n.scopes.clear();
    const before = await stored();
    const request = operator.requestFor('main', { credentialId, externalSecret: true });
    expect(await functions.operate(request)).toMatchObject({
      ok: false,
      error: {
        class: 'misconfigured',
        code: 'n8n_scope_missing',
        action: expect.stringContaining('credential:read'),
      },
    });
    expect(await stored()).toEqual(before);
  });

  test('is not registered for a connection that has no secret, and n8n is not asked', async () => {
    await functions.granted({ action: 'connect', connection: 'pushed', app: 'reports', place: 'none' });
    const before = await functions.runtime.store.get('pushed');
    const request = operator.requestFor('pushed', { credentialId, externalSecret: true });
    expect(await functions.operate(request)).toMatchObject({
      ok: false,
      error: {
        class: 'rejected',
        code: 'not_published',
        action: expect.stringContaining('npx zoom-tokens bundle pushed --none'),
      },
    });
    expect(await functions.runtime.store.get('pushed')).toMatchObject({ version: before?.version });
    expect(await functions.runtime.store.get('pushed')).not.toHaveProperty('externalCredentials');
    expect(office.n8n.requests).toEqual([]);
  });

  test('is not registered without its id', async () => {
    const request = operator.requestFor('main', { externalSecret: true });
    expect(await functions.operate(request)).toMatchObject({
      ok: false,
      error: { class: 'rejected', code: 'bad_request' },
    });
  });
});

describe('n8n-test', () => {
  test('lets n8n test the pushed and the external credentials, and stores nothing', async () => {
    const { credentialId: pushed } = await operator.link('main');
    const external = office.n8n.add('zoomApi', { accessToken: 'an earlier value, from a cache' });
    await operator.link('main', { credentialId: external, externalSecret: true });
    const before = await stored();
    services.clock.advance(60);
    const at = functions.runtime.now();
    const known = { connection: 'main', instance: 'office' };
    expect((await testNow()).tested).toEqual([
      {
        ...known,
        credentialId: pushed,
        kind: 'pushed',
        tested: { at, ok: true, message: 'Connection successful!' },
      },
      {
        ...known,
        credentialId: external,
        kind: 'external',
        tested: { at, ok: false, message: expect.any(String) },
      },
    ]);
    expect(await stored()).toEqual(before);
  });

  test('knows nothing of a connection without credentials, nor of an unknown one', async () => {
    expect(await testNow(['main', 'nobody'])).toEqual({ tested: [] });
  });

  test('reports a credential that was deleted in n8n as a failed test', async () => {
    const { credentialId } = await operator.link('main');
    office.n8n.credentials.delete(credentialId);
    const [probe] = (await testNow()).tested;
    expect(probe?.tested).toMatchObject({ ok: false, message: expect.stringContaining(credentialId) });
  });

  test('leaves unknown what an n8n without such a test can use', async () => {
    office.n8n.version = '2.3.2';
    const { tested } = (await operator.link('main')) as OperatorResults['n8n-link'];
    expect(tested).toEqual({ at: expect.any(Number), message: expect.stringContaining('no such test') });
    expect((await testNow()).tested).toMatchObject([{ tested: { message: tested?.message } }]);
  });

  test('says why an n8n that is down did not test', async () => {
    await operator.link('main');
    office.n8n.isDown = true;
    const [probe] = (await testNow()).tested;
    expect(probe?.tested).toEqual({ at: expect.any(Number), message: expect.stringContaining('HTTP 503') });
  });
});
