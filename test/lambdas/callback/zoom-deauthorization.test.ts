import { ReplicateSecretToRegionsCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { users } from '../../../local/zoom/users.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';
import { createZoomSender } from '../../support/services/zoom-sender.ts';
import { deauthorization, signedHeaders, WEBHOOK_SECRET } from '../../support/zoom-event.ts';

const [ada, grace] = users;
const ADA = ada?.id ?? '';
const GRACE = grace?.id ?? '';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let zoom: ReturnType<typeof createZoomSender>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  zoom = createZoomSender(services, functions);
  await zoom.writeApp();
  takeOutput();
});
afterEach(() => services.close());

/** Longer than the clocks differ, so that a removal after it is certain to be newer than the consent. */
const A_WHILE = 180;
const connectAda = async () => {
  await functions.connect('ada', { user: ada?.display_name });
  services.clock.advance(A_WHILE);
};
const connectGrace = async () => {
  await functions.connect('grace', { user: grace?.display_name });
  services.clock.advance(A_WHILE);
};

describe('when a user removes the app at Zoom', () => {
  test('the connection is disconnected and its secret deleted, and a repeated delivery changes nothing', async () => {
    await connectAda();
    expect(await zoom.send(zoom.removal(ADA))).toMatchObject({ status: 200, body: '' });
    expect(await zoom.statusOf('ada')).toBe('disconnected');
    await expect(services.published('ada')).rejects.toThrow('marked for deletion');
    const before = await services.contents();
    services.clock.advance(60);
    expect((await zoom.send(zoom.removal(ADA, zoom.now() - 60))).status).toBe(200);
    expect(await services.contents()).toEqual(before);
  });

  test('a connection with a newer consent stays connected', async () => {
    await connectAda();
    await zoom.send(zoom.removal(ADA));
    const removedAt = zoom.now();
    services.clock.advance(10);
    await functions.connect('ada', { user: ada?.display_name });
    expect((await zoom.send(zoom.removal(ADA, removedAt))).status).toBe(200);
    expect(await zoom.statusOf('ada')).toBe('active');
  });

  test('a step that holds the lease makes the response 503, and the next delivery disconnects', async () => {
    await connectAda();
    const lease = { owner: 'a step', now: zoom.now(), until: zoom.now() + 180, early: true };
    await functions.runtime.store.lease('ada', lease);
    const body = zoom.removal(ADA);
    expect(await zoom.send(body)).toMatchObject({ status: 503, body: '' });
    expect(await zoom.statusOf('ada')).toBe('active');
    services.clock.advance(300);
    expect((await zoom.send(body)).status).toBe(200);
    expect(await zoom.statusOf('ada')).toBe('disconnected');
  });

  test('the rest follows with the run that the callback function starts', async () => {
    await connectAda();
    await zoom.send(zoom.removal(ADA));
    await expect(services.published('ada')).rejects.toThrow('marked for deletion');
    expect(services.started).toEqual([{ start: 'connection', connection: 'ada' }]);
    const left = await functions.runtime.store.get('ada');
    expect(left).toMatchObject({ status: 'disconnected', revokedAt: expect.any(Number) });
    expect(left?.sealedTokens).not.toBe('');
    await functions.runStarted();
    const { revokedAt, secretDeletedAt } = left ?? {};
    expect(await functions.runtime.store.get('ada')).toMatchObject({
      ...{ sealedTokens: '', revokedAt, secretDeletedAt },
    });
  });

  test('a start that is lost is made up for by the next sweep', async () => {
    await connectAda();
    await zoom.send(zoom.removal(ADA));
    services.clock.advance(60);
    await functions.sweep();
    expect(await functions.runtime.store.get('ada')).toMatchObject({ sealedTokens: '' });
  });

  test('a secret that was not deleted is deleted by the run that is started', async () => {
    await connectAda();
    services.denied.add('DeleteSecret n8n_zoom_ada');
    expect((await zoom.send(zoom.removal(ADA))).status).toBe(200);
    services.denied.clear();
    await functions.runStarted();
    await expect(services.published('ada')).rejects.toThrow('marked for deletion');
  });

  const replicate = () =>
    services.secretsManager.send(
      new ReplicateSecretToRegionsCommand({
        SecretId: 'n8n_zoom_ada',
        AddReplicaRegions: [{ Region: 'eu-west-1' }],
      }),
    );

  test('a secret with replicas is deleted after them', async () => {
    await connectAda();
    await replicate();
    expect((await zoom.send(zoom.removal(ADA))).status).toBe(200);
    await functions.runStarted();
    await expect(services.published('ada')).rejects.toThrow('marked for deletion');
  });

  test('a secret whose replicas cannot be removed makes the response 200, and status names the replicas', async () => {
    await connectAda();
    await replicate();
    services.denied.add('RemoveRegionsFromReplication n8n_zoom_ada');
    expect((await zoom.send(zoom.removal(ADA))).status).toBe(200);
    await functions.runStarted();
    expect(await functions.runtime.store.get('ada')).toMatchObject({
      status: 'disconnected',
      lastError: {
        class: 'misconfigured',
        code: 'secret_replicated',
        action: expect.stringContaining('--remove-replica-regions eu-west-1'),
      },
    });
    expect(takeOutput().join('')).toContain('eu-west-1');
  });

  test('a user without a connection is logged and nothing else happens', async () => {
    expect((await zoom.send(zoom.removal('nobody'))).status).toBe(200);
    expect(takeOutput().join('')).toContain('no connection here');
  });

  test('an event of a client id that has just replaced the cached one disconnects', async () => {
    await connectGrace();
    await zoom.send(zoom.removal('nobody'));
    const replaced = { ...services.apps.user, client_id: 'new-client', webhook_secret_token: WEBHOOK_SECRET };
    await services.writeSecret('zoom-token-refresher/app/default', JSON.stringify(replaced));
    const event = deauthorization(GRACE, 'new-client', zoom.now());
    expect((await zoom.send(event)).status).toBe(200);
    expect(await zoom.statusOf('grace')).toBe('disconnected');
  });

  test('an event of another client id leaves the connection active', async () => {
    await connectGrace();
    const event = deauthorization(GRACE, 'the-development-client', zoom.now());
    expect((await zoom.send(event)).status).toBe(200);
    expect(await zoom.statusOf('grace')).toBe('active');
  });

  test('the app in the address decides whose connection is disconnected', async () => {
    await connectGrace();
    await zoom.writeApp({ webhook_secret_token: WEBHOOK_SECRET }, 'other');
    expect((await zoom.sendTo('other', zoom.removal(GRACE))).status).toBe(200);
    expect(await zoom.statusOf('grace')).toBe('active');
    expect((await zoom.sendTo('default', zoom.removal(GRACE))).status).toBe(200);
    expect(await zoom.statusOf('grace')).toBe('disconnected');
  });

  test('the log names the connection and the app, and nothing else of the event', async () => {
    await zoom.send(zoom.removal('nobody'));
    await zoom.send(zoom.removal('nobody'), { headers: signedHeaders('another body', zoom.now()) });
    const logged = takeOutput().join('');
    expect(logged).toMatch(/"app":\s*"default"/);
    for (const secret of ['nobody', WEBHOOK_SECRET, 'an-account', '827edc', services.apps.user.client_id]) {
      expect(logged).not.toContain(secret);
    }
  });

  test('a removal with a time in the future counts from now', async () => {
    await functions.connect('ada', { user: ada?.display_name });
    services.clock.advance(5);
    await zoom.send(zoom.removal(ADA, zoom.now() + 3600));
    const { disconnectedAt } = (await functions.runtime.store.get('ada')) ?? {};
    expect(disconnectedAt).toBeLessThanOrEqual(zoom.now());
    services.clock.advance(5);
    await functions.connect('ada', { user: ada?.display_name });
    expect(await zoom.statusOf('ada')).toBe('active');
  });
});
