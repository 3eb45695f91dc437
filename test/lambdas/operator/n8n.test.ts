import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { expectOperatorRefused } from '../../support/services/bad-input.ts';
import { type N8nInstallation, startN8nInstallation } from '../../support/services/n8n-installation.ts';

let services: N8nInstallation['services'];
let functions: N8nInstallation['functions'];
let office: N8nInstallation['office'];
let operator: N8nInstallation['operator'];
beforeEach(async () => {
  ({ services, functions, office, operator } = await startN8nInstallation());
});
afterEach(() => Promise.all([office.close(), services.close()]));

describe('n8n-link', () => {
  test('creates a credential that holds the token and reports that it is new', async () => {
    const { connection, credentialId, created } = await operator.link('main');
    expect(created).toBe(true);
    expect(office.n8n.credentials.get(credentialId)).toMatchObject({ name: 'Zoom main', type: 'zoomApi' });
    expect(office.n8n.token(credentialId)).toBe(await services.published('main'));
    const { expiresAt: validUntil } = connection;
    expect(connection.targets).toEqual([
      { instance: 'office', credentialId, pushedVersion: 1, validUntil, failures: 0 },
    ]);
    expect(connection).not.toHaveProperty('leaseOwner');
    expect(await services.n8nInstances()).toEqual({
      office: { url: office.url, api_key: office.n8n.apiKey },
    });
  });

  test('appears in the status without the API key', async () => {
    await operator.link('main');
    const { connections } = await functions.granted<{ connections: ConnectionView[] }>({
      action: 'status',
      connection: 'main',
    });
    expect(connections[0]?.targets).toMatchObject([{ instance: 'office', failures: 0 }]);
  });

  test('makes each rotation push its token', async () => {
    const { connection } = await operator.link('main');
    await functions.granted({ action: 'rotate', connection: 'main' });
    const id = connection.targets?.[0]?.credentialId;
    expect(await services.zoomStatus(String(office.n8n.token(id)))).toBe(200);
    expect(office.n8n.token(id)).toBe(await services.published('main'));
  });

  test('repeated keeps the credential', async () => {
    await operator.link('main');
    const before = office.n8n.credentials.size;
    const { created } = await operator.link('main');
    expect(created).toBe(false);
    expect(office.n8n.credentials.size).toBe(before);
  });

  test('repeated creates a new credential if the old one was deleted in n8n', async () => {
    const { credentialId } = await operator.link('main');
    office.n8n.credentials.delete(credentialId);
    const again = await operator.link('main', { credentialName: 'Zoom, again' });
    expect(again.created).toBe(true);
    expect(office.n8n.credentials.get(again.credentialId)).toMatchObject({ name: 'Zoom, again' });
  });

  test('uses an existing credential that it names', async () => {
    const id = office.n8n.add('zoomApi', { accessToken: 'pasted by hand' });
    expect(await operator.link('main', { credentialId: id })).toMatchObject({
      credentialId: id,
      created: false,
    });
    expect(office.n8n.token(id)).toBe(await services.published('main'));
  });

  test('waits while the connection is being rotated', async () => {
    await operator.link('main');
    const { runtime } = functions;
    const now = runtime.now();
    const lease = { owner: 'a-sweep', now, until: now + 180, early: true };
    const held = (await runtime.store.lease('main', lease)) as Connection;
    const linking = operator.link('main');
    await runtime.store.release(held);
    expect(await linking).toMatchObject({ created: false });
  });

  test('of two connections at once stores both instances', async () => {
    await operator.connectServer('second');
    const both = [operator.link('main'), operator.link('second', { instance: 'home' })];
    await Promise.all(both);
    expect(Object.keys(await services.n8nInstances()).sort()).toEqual(['home', 'office']);
  });
});

describe('n8n-unlink', () => {
  test('stops the pushes, leaves the credential in n8n and keeps the key that another connection uses', async () => {
    await operator.connectServer('second');
    const { credentialId } = await operator.link('main');
    await operator.link('second');
    const { connection } = await operator.unlink('main');
    expect(connection).not.toHaveProperty('targets');
    expect(Object.keys(await services.n8nInstances())).toEqual(['office']);
    const token = office.n8n.token(credentialId);
    await functions.granted({ action: 'rotate', connection: 'main' });
    expect(office.n8n.token(credentialId)).toBe(token);
  });

  test('of the last connection deletes the key', async () => {
    await operator.link('main');
    await operator.unlink('main');
    expect(await services.n8nInstances()).toEqual({});
  });

  test('of a connection that is not linked is refused and changes nothing', async () => {
    const before = await functions.runtime.store.get('main');
    await expect(operator.unlink('main')).rejects.toThrow('n8n_not_linked');
    expect(await functions.runtime.store.get('main')).toEqual(before);
  });

  test.each(['reconnect', 'disconnected'] as const)(
    'works for a connection in the status %s, while a link is rejected',
    async (status) => {
      await operator.connectServer('gone');
      await operator.link('gone');
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
      await expectOperatorRefused(services, functions, operator.requestFor('gone'), {
        class: 'rejected',
        code: 'not_connected',
        message: `"gone" has no token to push: its status is "${status}".`,
        action: 'Connect it again: npx zoom-tokens connect gone.',
      });
      const { connection } = await operator.unlink('gone');
      expect(connection).toMatchObject({ status });
      expect(connection).not.toHaveProperty('targets');
    },
  );
});

test('a sweep counts the successful and the failed pushes', async () => {
  await operator.link('main');
  services.clock.advance(50 * 60);
  expect(await functions.sweep()).toMatchObject({ pushed: 1, pushFailed: 0 });
  office.n8n.isDown = true;
  services.clock.advance(50 * 60);
  expect(await functions.sweep()).toMatchObject({ rotated: expect.any(Number), pushed: 0, pushFailed: 1 });
});
