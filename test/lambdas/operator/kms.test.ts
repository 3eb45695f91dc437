import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFunctions } from '../../support/services/handlers.ts';
import { takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

const UNUSABLE = {
  class: 'misconfigured',
  code: 'kms_unusable',
  message: expect.stringContaining('KMS key'),
  action: expect.stringContaining('kmsKeyArn'),
};

describe.each(['disabled', 'denied'] as const)('with a KMS key that is %s', (state) => {
  test('connect is misconfigured and names the key', async () => {
    services.switches.kmsKey = state;
    const response = await functions.operate({ action: 'connect', connection: 'server', app: 'reports' });
    expect(response).toMatchObject({ ok: false, error: UNUSABLE });
  });

  test('the check names the key for each app', async () => {
    services.switches.kmsKey = state;
    const { apps } = await functions.granted<{ apps: object[] }>({ action: 'check' });
    for (const app of ['default', 'reports'])
      expect(apps).toContainEqual(
        expect.objectContaining({ app, problem: expect.objectContaining(UNUSABLE) }),
      );
  });

  test('a rotation keeps its tokens, is misconfigured, and recovers with the key', async () => {
    await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
    services.switches.kmsKey = state;
    const request = { action: 'rotate', connection: 'server' } as const;
    expect(await functions.operate(request)).toMatchObject({ ok: false, error: UNUSABLE });
    services.switches.kmsKey = 'usable';
    await functions.granted(request);
    expect(await services.zoomStatus(await services.published('server'))).toBe(200);
    takeOutput();
  });
});
