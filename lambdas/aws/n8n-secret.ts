import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { parseJson } from '../tokens/apis/http.ts';
import type { Clock } from '../tokens/clock.ts';
import type { N8nInstances, N8nSettings } from '../tokens/dependencies.ts';
import { Failure } from '../tokens/errors.ts';
import { jsonMap } from '../tokens/json-object.ts';
import { secretRefused } from './sdk-errors.ts';

const text = v.pipe(v.string(), v.nonEmpty());

/** The n8n secret as it is stored. */
const N8nSecret = v.object({ instances: jsonMap(v.object({ url: text, api_key: text })) });

/** How long a warm function caches the instances, seconds. A link made elsewhere takes effect within this time. */
const CACHE_SECONDS = 10;

/**
 * Returns the n8n instances that are stored in one secret.
 * @param secretId name or ARN of the secret
 */
export function createN8nSecret(client: SecretsManagerClient, secretId: string, now: Clock): N8nSettings {
  let cached: { instances: N8nInstances; until: number } | undefined;

  return {
    async read({ fresh } = { fresh: false }) {
      if (cached && !fresh && now() < cached.until) return cached.instances;
      const { ARN, SecretString } = await client
        .send(new GetSecretValueCommand({ SecretId: secretId }))
        .catch(failedTo('read'));
      // A truncated response must not pass for an empty secret.
      if (!ARN) throw new Error('Secrets Manager responded without the secret');
      const instances = parse(SecretString ?? '');
      cached = { instances, until: now() + CACHE_SECONDS };
      return instances;
    },

    async write(instances) {
      const stored = [...instances].map(([name, { url, apiKey }]) => [name, { url, api_key: apiKey }]);
      const SecretString = JSON.stringify({ instances: Object.fromEntries(stored) });
      cached = undefined;
      await client
        .send(new PutSecretValueCommand({ SecretId: secretId, SecretString }))
        .catch(failedTo('write'));
    },
  };
}

function parse(secret: string): N8nInstances {
  const parsed = v.safeParse(N8nSecret, parseJson(secret));
  if (!parsed.success) {
    throw new Failure(
      'misconfigured',
      'n8n_secret_unusable',
      'The n8n secret does not have the format that "npx zoom-tokens n8n link" writes.',
      'Store {"instances":{}} in it, then run npx zoom-tokens n8n link again for each connection.',
    );
  }
  return new Map(
    [...parsed.output.instances].map(([name, { url, api_key }]) => [name, { url, apiKey: api_key }]),
  );
}

const failedTo = (operation: 'read' | 'write') =>
  secretRefused('n8n_secret_denied', `${operation} the n8n secret`);
