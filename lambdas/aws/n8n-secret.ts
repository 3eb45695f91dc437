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
import { jsonObject } from '../tokens/json-object.ts';

const text = v.pipe(v.string(), v.nonEmpty());

/** The n8n secret as it is stored. No `v.record`: it leaves out `constructor`, which is a name like others. */
const N8nSecret = v.object({
  instances: v.pipe(
    jsonObject,
    v.transform((instances) => Object.entries(instances)),
    v.array(v.tuple([v.string(), v.object({ url: text, api_key: text })])),
  ),
});

/** Within that time a warm function does not read again; whoever links elsewhere waits no longer. Seconds. */
const REMEMBERED_SECONDS = 10;

/** The addresses and API keys of the n8n instances, in the one secret `secretId` (name or ARN). */
export function createN8nSecret(client: SecretsManagerClient, secretId: string, now: Clock): N8nSettings {
  let remembered: { instances: N8nInstances; until: number } | undefined;

  return {
    async read({ fresh } = { fresh: false }) {
      if (remembered && !fresh && now() < remembered.until) return remembered.instances;
      const { ARN, SecretString } = await client
        .send(new GetSecretValueCommand({ SecretId: secretId }))
        .catch(denied('read'));
      // An answer that was cut must not pass for an empty secret.
      if (!ARN) throw new Error('Secrets Manager answered without the secret');
      const instances = parse(SecretString ?? '');
      remembered = { instances, until: now() + REMEMBERED_SECONDS };
      return instances;
    },

    async write(instances) {
      const stored = [...instances].map(([name, { url, apiKey }]) => [name, { url, api_key: apiKey }]);
      const SecretString = JSON.stringify({ instances: Object.fromEntries(stored) });
      remembered = undefined;
      await client
        .send(new PutSecretValueCommand({ SecretId: secretId, SecretString }))
        .catch(denied('write'));
    },
  };
}

function parse(secret: string): N8nInstances {
  const parsed = v.safeParse(N8nSecret, parseJson(secret));
  if (!parsed.success) {
    throw new Failure(
      'misconfigured',
      'n8n_secret_unusable',
      'The secret with the n8n instances is not what n8n link has written.',
      'Put {"instances":{}} into it, and zoom-tokens n8n link again for each connection.',
    );
  }
  return new Map(parsed.output.instances.map(([name, { url, api_key }]) => [name, { url, apiKey: api_key }]));
}

const denied =
  (what: 'read' | 'write') =>
  (error: unknown): never => {
    const name = error instanceof Error ? error.name : '';
    if (name !== 'AccessDeniedException' && name !== 'ResourceNotFoundException') throw error;
    throw new Failure(
      'misconfigured',
      'n8n_secret_denied',
      `The function cannot ${what} the secret with the n8n instances (${name}).`,
      'Deploy again (npx cdk deploy); if it stays, see who changed the policies of the function or the secret.',
    );
  };
