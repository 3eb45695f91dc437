import '../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createPublishedSecrets } from '../../../lambdas/aws/published-secrets.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';

/** Response of Secrets Manager to a write. */
let respond: (request: { ClientRequestToken: string }) => object;
let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let client: SecretsManagerClient;
let publish: ReturnType<typeof createPublishedSecrets>['publish'];

beforeEach(async () => {
  server = await listenOnLoopback(
    createServer(async (request, response) => {
      const body = JSON.stringify(respond((await json(request)) as { ClientRequestToken: string }));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
    }),
  );
  client = new SecretsManagerClient({ endpoint: server.url, maxAttempts: 1 });
  ({ publish } = createPublishedSecrets(client, { read: async () => undefined }, 'zoom-token-refresher'));
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const versionId = (index: number) => String(index).padStart(64, '0');

test('a truncated response to a write is an error, not a publication', async () => {
  respond = () => ({});
  await expect(publish('main', 'access token', versionId(1))).rejects.toThrow('without the version');
});

test('the publications of a sweep keep below 50 writes a second, which Secrets Manager refuses', async () => {
  respond = ({ ClientRequestToken }) => ({ VersionId: ClientRequestToken });
  const writes = 26;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: writes }, (_, i) => publish(`c${i}`, 'access token', versionId(i))));
  // The first one waits for none before it.
  expect(performance.now() - startedAt).toBeGreaterThan((1000 * (writes - 1)) / 50);
});
