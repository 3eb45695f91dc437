import '../support/services/output.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@jest/globals';
import { createFunctions } from '../support/services/handlers.ts';
import { startListening } from '../support/services/listener.ts';

let listener: Awaited<ReturnType<typeof startListening>>;
beforeEach(async () => {
  listener = await startListening();
});
afterEach(() => listener.services.close());

describe('no secret leaves the functions when Zoom returns what it was sent', () => {
  let status: number;
  let shape: (echo: string) => string;
  const zoom = createServer(async (request, response) => {
    const echo = `${request.headers.authorization} ${await text(request)}`;
    response.writeHead(status).end(shape(echo));
  });
  beforeAll(async () => {
    await once(zoom.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    zoom.closeAllConnections();
    zoom.close();
  });

  test.each<[string, number, (echo: string) => string]>([
    ['in an error', 400, (echo) => JSON.stringify({ error: echo, reason: `Invalid Token! ${echo}` })],
    ['in an error without a class', 418, (echo) => JSON.stringify({ error: echo, reason: echo })],
    ['as HTML', 502, (echo) => `<pre>${echo}</pre>`],
    ['as a truncated token response', 200, (echo) => `{"access_token":"${echo}`],
    [
      'in a response with wrong types',
      200,
      (echo) => JSON.stringify({ access_token: [echo], expires_in: echo }),
    ],
  ])('%s', async (_, responseStatus, responseShape) => {
    status = responseStatus;
    shape = responseShape;
    const url = `http://127.0.0.1:${(zoom.address() as AddressInfo).port}`;
    const echoing = createFunctions(listener.services, { ZOOM_OAUTH_URL: url });
    const { returned, cookies } = await listener.functions.consent('user');
    listener.page(await echoing.visit(returned, { cookies }));
    for (const action of ['rotate', 'connect']) {
      await listener.operate({ action, connection: 'user', app: 'default' }, echoing);
      await listener.operate({ action, connection: 'server', app: 'reports' }, echoing);
    }
    await listener.operate({ action: 'status' });
    await listener.expectNothingLeft();
  });
});
