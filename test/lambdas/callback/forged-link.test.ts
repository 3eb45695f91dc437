import '../../support/services/output.ts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLinkPageRuntime } from '../../../lambdas/link-page-runtime.ts';
import { createRuntime } from '../../../lambdas/runtime.ts';
import { callbackVariables } from '../../../local/functions.ts';
import { takeRequests, tally } from '../../support/faults/requests.ts';
import { functionsWith } from '../../support/services/handlers.ts';
import { DEPLOYED_URL, type Services, startServices } from '../../support/services/services.ts';

// What forged links and cookies cost, which anyone can send: counted on the wire, with both runtimes of the callback function.

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.close());

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const TICKET = `${base64url({ alg: 'HS256', kid: 'a-guess' })}.${base64url({ aud: 'connect' })}.${base64url({})}`;
const COOKIE = `__Host-zoom-consent=${base64url({ alg: 'dir', enc: 'A256GCM', kid: 'a-guess' })}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`;

test('forged links and cookies cost two reads of the link key in 10 s, whatever their rate', async () => {
  const variables = callbackVariables(services.environment);
  const { now } = services.clock;
  const runtime = createRuntime(services.environment, { now });
  const callback = createRuntime(variables, { now });
  const functions = functionsWith(
    () => runtime,
    services,
    () => callback,
    () => createLinkPageRuntime(async () => callback, variables, now),
  );
  const link = `${DEPLOYED_URL}/connect?ticket=${TICKET}`;
  takeRequests();
  for (let second = 0; second < 30; second += 1) {
    for (const method of ['GET', 'GET', 'POST', 'POST']) {
      expect((await functions.visit(link, { method })).status).toBe(400);
    }
    const callbackUrl = `${DEPLOYED_URL}/callback?code=a-guess&state=a-guess`;
    expect((await functions.visit(callbackUrl, { cookies: [COOKIE] })).status).toBe(400);
    services.clock.advance(1);
  }
  expect(tally(takeRequests())).toEqual({ 'SecretsManager.GetSecretValue': 6 });
});
