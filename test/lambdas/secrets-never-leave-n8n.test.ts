import '../support/services/output.ts';
import { afterEach, beforeEach, describe, test } from '@jest/globals';
import { createFunctions } from '../support/services/handlers.ts';
import { startListening } from '../support/services/listener.ts';
import { type Misbehaviour, startN8n } from '../support/services/n8n-server.ts';

let listener: Awaited<ReturnType<typeof startListening>>;
let office: Awaited<ReturnType<typeof startN8n>>;
beforeEach(async () => {
  listener = await startListening();
  office = await startN8n();
  listener.services.watch.note('the API key of n8n', office.n8n.apiKey);
});
afterEach(() => Promise.all([office.close(), listener.services.close()]));

describe('no token and no API key leaves the functions', () => {
  const request = (changed: object = {}) => ({
    action: 'n8n-link',
    connection: 'user',
    instance: 'office',
    url: office.url,
    apiKey: office.n8n.apiKey,
    ...changed,
  });
  test('by a link, a push and an unlink', async () => {
    await listener.operate(request());
    await listener.operate({ action: 'rotate', connection: 'user' });
    await listener.operate({ action: 'status' });
    await listener.operate({ action: 'n8n-unlink', connection: 'user', instance: 'office' });
    await listener.operate(request());
    await listener.expectNothingLeft();
  });

  test('by a refused link', async () => {
    const { apiKey } = request();
    for (const changed of [
      { apiKey: `${apiKey} ${apiKey}` },
      { url: `https://${apiKey}@n8n.example.com` },
      { url: apiKey },
      { connection: 'nobody' },
      { credentialId: 'nowhere' },
      { apiKey: [apiKey] },
    ]) {
      await listener.operate(request(changed));
    }
    await listener.expectNothingLeft();
  });

  test.each<[string, Misbehaviour]>([
    ...[200, 302, 400, 401, 403, 404, 405, 418, 429, 500].map((status): [string, Misbehaviour] => [
      `that responds with ${status} and quotes what it was sent`,
      { status },
    ]),
    ['that resets the connection', 'resets'],
  ])('by an n8n %s', async (_, misbehaves) => {
    await listener.operate(request());
    office.control.misbehaves = misbehaves;
    await listener.operate(request());
    await listener.operate({ action: 'rotate', connection: 'user' });
    listener.services.clock.advance(20 * 60);
    await listener.sweep();
    await listener.operate({ action: 'status' });
    await listener.expectNothingLeft();
  });

  test('from an invalid n8n secret', async () => {
    await listener.operate(request());
    for (const value of [office.n8n.apiKey, `{"instances":{"office":{"api_key":"${office.n8n.apiKey}"}}}`]) {
      await listener.services.writeSecret('zoom-token-refresher/n8n', value);
      await listener.operate({ action: 'rotate', connection: 'user' }, createFunctions(listener.services));
      await listener.operate(request(), createFunctions(listener.services));
    }
    await listener.expectNothingLeft();
  });
});
