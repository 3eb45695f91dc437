import '../../support/services/output.ts';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFunctions } from '../../support/services/handlers.ts';
import { takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  await functions.connect('user');
  await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
});
afterEach(() => services.close());

describe('probe', () => {
  const probe = (...connections: string[]) =>
    functions.granted<{ probed: object[] }>({ action: 'probe', connections });

  test('reports for each token that n8n reads whether Zoom accepts it', async () => {
    expect(await probe('user', 'server')).toEqual({
      probed: [
        { connection: 'user', accepted: 'yes' },
        { connection: 'server', accepted: 'yes' },
      ],
    });
  });

  test('notices a secret that was edited by hand, also in a warm function', async () => {
    await probe('server');
    const token = await services.published('server');
    await services.writeSecret('n8n_zoom_server', 'a value that someone wrote by hand');
    expect(await probe('server')).toEqual({
      probed: [
        {
          connection: 'server',
          accepted: 'no',
          message: 'Zoom does not accept it (401, code 124): it is dead.',
        },
      ],
    });
    await services.writeSecret('n8n_zoom_server', String(token));
    expect(await probe('server')).toEqual({ probed: [{ connection: 'server', accepted: 'yes' }] });
  });

  test.each([
    ['does not exist', async () => {}],
    [
      'is scheduled for deletion',
      async () => {
        await services.writeSecret('n8n_zoom_gone', 'a token');
        await services.secretsManager.send(
          new DeleteSecretCommand({ SecretId: 'n8n_zoom_gone', RecoveryWindowInDays: 7 }),
        );
      },
    ],
  ])('reports nothing to read when the secret %s', async (_, prepare) => {
    await prepare();
    expect(await probe('gone')).toEqual({
      probed: [{ connection: 'gone', accepted: 'no', message: 'The secret that n8n reads does not exist.' }],
    });
  });

  test('reports unknown and the reason when the secret or Zoom cannot be read', async () => {
    services.denied.add('GetSecretValue n8n_zoom_user');
    const cut = createFunctions(services, { ZOOM_API_URL: services.nowhere });
    expect(await cut.granted({ action: 'probe', connections: ['user', 'server'] })).toEqual({
      probed: [
        {
          connection: 'user',
          accepted: 'unknown',
          message: expect.stringMatching(
            /^The function is not allowed to read the secret "n8n_zoom_user"\. Deploy/,
          ),
        },
        { connection: 'server', accepted: 'unknown', message: "Zoom's API did not respond to the function." },
      ],
    });
  });

  test('accepts at most twenty connections, and only valid names', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    expect((await probe(...names)).probed).toHaveLength(20);
    for (const [connections, code] of [
      [[...names, 'one_more'], 'bad_request'],
      [['../../key'], 'invalid_name'],
    ] as const) {
      expect(await functions.operate({ action: 'probe', connections })).toMatchObject({
        ok: false,
        error: { code },
      });
    }
  });
});

test('neither the response nor the log contains a piece of a token or a secret', async () => {
  takeOutput();
  const probed = await functions.granted({ action: 'probe', connections: ['user', 'server', 'gone'] });
  expect(services.watch.names()).toEqual(
    expect.arrayContaining(["Zoom's access_token", 'a client secret', 'the link key']),
  );
  expect(services.watch.leaks([JSON.stringify(probed), ...takeOutput()])).toEqual([]);
});
