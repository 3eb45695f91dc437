import {
  CreateSecretCommand,
  DeleteSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSecretsManager } from '../../local/aws/secrets-manager/server.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';

let server: Awaited<ReturnType<typeof startSecretsManager>>;
let client: SecretsManagerClient;

beforeAll(async () => {
  server = await startSecretsManager({ now: () => 1_800_000_000 });
  client = new SecretsManagerClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterAll(async () => {
  client.destroy();
  await server.close();
});

test('readAsN8n returns every secret that has a value, reading the list page by page and the values 20 at a time', async () => {
  const expected = new Map<string, string>();
  for (let number = 0; number < 120; number += 1) {
    const Name = `n8n_zoom_${number}`;
    await client.send(new CreateSecretCommand({ Name, SecretString: `token ${number}` }));
    expected.set(Name, `token ${number}`);
  }
  await client.send(new CreateSecretCommand({ Name: 'without-a-value' }));
  await client.send(new DeleteSecretCommand({ SecretId: 'n8n_zoom_7' }));
  expected.delete('n8n_zoom_7');

  expect(new Map([...(await readAsN8n(client))].sort())).toEqual(new Map([...expected].sort()));
});
