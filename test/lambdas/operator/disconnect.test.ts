import '../../support/services/output.ts';
import { ReplicateSecretToRegionsCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

describe('disconnect', () => {
  interface Disconnected {
    connection: ConnectionView;
    revoked: boolean;
    secretDeletedAt?: number;
    repeated?: boolean;
  }
  const disconnect = (connection: string, force?: boolean) =>
    functions.granted<Disconnected>({ action: 'disconnect', connection, force });

  test('revokes the token at Zoom, deletes what n8n reads and returns when the deletion is permanent', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    const token = await services.published('leaving');
    const { connection, revoked, secretDeletedAt } = await disconnect('leaving');
    expect(connection).toMatchObject({ connection: 'leaving', status: 'disconnected' });
    expect(revoked).toBe(true);
    expect(secretDeletedAt).toBe(services.clock.now() + 7 * 86_400);
    expect(await services.zoomStatus(token)).toBe(401);
    await expect(services.published('leaving')).rejects.toThrow('marked for deletion');
    expect(JSON.stringify(connection)).not.toMatch(/sealed|lease/i);
  });

  test('leaves a connection that cannot be rotated and that a link connects again', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    await disconnect('leaving');
    const response = await functions.operate({ action: 'rotate', connection: 'leaving' });
    expect(response).toMatchObject({ ok: false, error: { class: 'rejected', code: 'not_connected' } });
    expect((await functions.connect('leaving', { user: 'Grace Hopper' })).page.status).toBe(200);
    expect(await services.zoomStatus(await services.published('leaving'))).toBe(200);
  });

  test('repeated changes nothing, says so, and is no second event', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    const { repeated } = await disconnect('leaving');
    expect(repeated).toBeUndefined();
    const before = await services.contents();
    services.clock.advance(60);
    expect(await disconnect('leaving')).toMatchObject({ repeated: true, revoked: true });
    expect(await services.contents()).toEqual(before);
  });

  test('repeated with force deletes a secret that could still be restored', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    await disconnect('leaving');
    services.clock.advance(60);
    expect(await disconnect('leaving', true)).toMatchObject({ repeated: true });
    await expect(services.published('leaving')).rejects.toThrow("can't find");
  });

  test('with force leaves no recovery window', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    await disconnect('leaving', true);
    await expect(services.published('leaving')).rejects.toThrow("can't find");
  });

  test('of a secret whose replicas cannot be removed names them and is no retry', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    await services.secretsManager.send(
      new ReplicateSecretToRegionsCommand({
        SecretId: 'n8n_zoom_leaving',
        AddReplicaRegions: [{ Region: 'eu-west-1' }],
      }),
    );
    services.denied.add('RemoveRegionsFromReplication n8n_zoom_leaving');
    const request = { action: 'disconnect', connection: 'leaving' } as const;
    expect(await functions.operate(request)).toMatchObject({
      ok: false,
      error: {
        class: 'misconfigured',
        code: 'secret_replicated',
        message: expect.stringContaining('eu-west-1'),
      },
    });
    services.denied.clear();
    await disconnect('leaving');
    await expect(services.published('leaving')).rejects.toThrow('marked for deletion');
  });

  test('makes the name available for another grant', async () => {
    await functions.connect('leaving', { user: 'Grace Hopper' });
    await disconnect('leaving', true);
    await functions.granted({ action: 'connect', connection: 'leaving', app: 'reports' });
    const { connection, revoked } = await disconnect('leaving');
    expect(connection).toMatchObject({ grantType: 'account_credentials' });
    expect(revoked).toBe(true);
  });

  test('reports that Zoom is unreachable and what is left to do', async () => {
    await functions.connect('unreachable', { user: 'Katherine Johnson' });
    const offline = createFunctions(services, { ZOOM_OAUTH_URL: services.nowhere });
    const { connection, revoked } = await offline.granted<Disconnected>({
      action: 'disconnect',
      connection: 'unreachable',
    });
    expect(revoked).toBe(false);
    expect(connection).toMatchObject({ status: 'disconnected', lastError: { code: 'not_revoked' } });
    await expect(services.published('unreachable')).rejects.toThrow('marked for deletion');
  });
});
