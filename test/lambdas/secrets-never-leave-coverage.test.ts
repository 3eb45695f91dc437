import '../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { logger } from '../../lambdas/observability.ts';
import { createFunctions } from '../support/services/handlers.ts';
import { createListener } from '../support/services/listener.ts';
import { startN8n } from '../support/services/n8n-server.ts';
import { logLines, takeOutput } from '../support/services/output.ts';
import { type Services, startServices } from '../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let office: Awaited<ReturnType<typeof startN8n>>;
let listener: ReturnType<typeof createListener>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  listener = createListener(services, functions);
  listener.page((await functions.connect('user')).page);
  await listener.operate({ action: 'connect', connection: 'server', app: 'reports' });
  office = await startN8n();
  services.watch.note('the API key of n8n', office.n8n.apiKey);
});
afterEach(() => Promise.all([office.close(), services.close()]));

describe('the search for secrets', () => {
  test('knows every kind of secret', async () => {
    await listener.operate({ action: 'rotate', connection: 'user' });
    await listener.expectNothingLeft();
    expect(services.watch.names()).toEqual(
      expect.arrayContaining([
        'the key secret',
        'the sealing key',
        'the signing key',
        'the cookie key',
        'a client secret',
        'the API key of n8n',
        'the Basic credentials',
        'the ticket of an address',
        'the state of an address',
        'a cookie',
        'a code that was sent',
        'a code_verifier that was sent',
        'a refresh_token that was sent',
        "Zoom's access_token",
        "Zoom's refresh_token",
        'sealed tokens',
      ]),
    );
  });

  test('sees the lowest log level, and no event although POWERTOOLS_LOGGER_LOG_EVENT is set', async () => {
    takeOutput();
    logger.debug('noticed');
    await functions.begin('user');
    const lines = logLines(takeOutput());
    expect(process.env.POWERTOOLS_LOGGER_LOG_EVENT).toBe('true');
    expect(lines.map(({ message }) => message)).toEqual(['noticed']);
  });
});
