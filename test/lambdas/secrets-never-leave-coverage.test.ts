import '../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { logger } from '../../lambdas/observability.ts';
import { startListening } from '../support/services/listener.ts';
import { startN8n } from '../support/services/n8n-server.ts';
import { logLines, takeOutput } from '../support/services/output.ts';

let listener: Awaited<ReturnType<typeof startListening>>;
let office: Awaited<ReturnType<typeof startN8n>>;
beforeEach(async () => {
  listener = await startListening();
  office = await startN8n();
  listener.services.watch.note('the API key of n8n', office.n8n.apiKey);
});
afterEach(() => Promise.all([office.close(), listener.services.close()]));

describe('the search for secrets', () => {
  test('knows every kind of secret', async () => {
    await listener.operate({ action: 'rotate', connection: 'user' });
    await listener.expectNothingLeft();
    expect(listener.services.watch.names()).toEqual(
      expect.arrayContaining([
        'the link key',
        'the seed of the sealing key',
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
    await listener.functions.begin('user');
    const lines = logLines(takeOutput());
    expect(process.env.POWERTOOLS_LOGGER_LOG_EVENT).toBe('true');
    expect(lines.map(({ message }) => message)).toEqual(['noticed', 'audit']);
  });
});
