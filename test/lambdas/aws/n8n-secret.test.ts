import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, expect, test } from '@jest/globals';
import { createN8nSecret } from '../../../lambdas/aws/n8n-secret.ts';

const OFFICE = { url: 'https://n8n.example.com', api_key: 'the key' };
let stored: string;
let reads: number;
let time: number;

/** Secrets Manager with the one secret. */
const client = {
  async send({ input }: { input: { SecretString?: string } }) {
    if (input.SecretString !== undefined) stored = input.SecretString;
    else reads += 1;
    return { ARN: 'arn', SecretString: stored };
  },
} as unknown as SecretsManagerClient;
const open = () => createN8nSecret(client, 'n8n', () => time);

beforeEach(() => {
  stored = JSON.stringify({ instances: { office: OFFICE } });
  reads = 0;
  time = 1_900_000_000;
});

test('the instances are read once in ten seconds, and afresh where that is asked for', async () => {
  const settings = open();
  expect(await settings.read()).toEqual(new Map([['office', { url: OFFICE.url, apiKey: 'the key' }]]));
  time += 9;
  await settings.read();
  expect(reads).toBe(1);
  time += 1;
  await settings.read();
  expect(reads).toBe(2);
  await settings.read({ fresh: true });
  expect(reads).toBe(3);
});

test('a function sees what it has written at once', async () => {
  const settings = open();
  await settings.read();
  await settings.write(new Map([['home', { url: 'https://home.example', apiKey: 'k' }]]));
  expect([...(await settings.read()).keys()]).toEqual(['home']);
});
