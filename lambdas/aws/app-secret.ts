import * as v from 'valibot';
import { bareName } from '../contract.ts';
import { parseJson } from '../tokens/apis/http.ts';
import { Failure } from '../tokens/errors.ts';
import { jsonObject } from '../tokens/json-object.ts';
import type { ZoomApp } from '../tokens/vault.ts';

/** An app secret as the operator writes it. Empty strings are fields that are not filled in yet. */
const AppSecret = v.pipe(
  jsonObject,
  v.object({
    client_id: v.pipe(v.string(), v.trim(), v.nonEmpty()),
    client_secret: v.pipe(v.string(), v.trim(), v.nonEmpty()),
    account_id: v.optional(v.pipe(v.string(), v.trim())),
    webhook_secret_token: v.optional(v.pipe(v.string(), v.trim())),
  }),
);

/**
 * Parses the text of an app secret.
 * @param name of the secret, for the message
 * @throws {Failure} `misconfigured` (`secret_unusable`); it names the fields and never quotes the text
 */
export function parseAppSecret(name: string, text: string): ZoomApp {
  const json = parseJson(text);
  if (json === undefined) throw unusableSecret(name, 'is not valid JSON');
  const secret = v.safeParse(AppSecret, json);
  if (!secret.success) {
    const fields = new Set(secret.issues.map((issue) => v.getDotPath(issue)));
    throw unusableSecret(
      name,
      fields.has(null) ? 'is not a JSON object' : `lacks ${[...fields].join(' and ')}`,
    );
  }
  const { client_id: clientId, client_secret: clientSecret, account_id: accountId } = secret.output;
  const webhookSecret = secret.output.webhook_secret_token;
  return { clientId, clientSecret, ...(accountId && { accountId }), ...(webhookSecret && { webhookSecret }) };
}

/** Error for a secret that the operator has to write again. */
export function unusableSecret(name: string, problem: string): Failure {
  return new Failure(
    'misconfigured',
    'secret_unusable',
    `The secret "${bareName(name)}" ${problem}.`,
    'Write it again: npx zoom-tokens setup. Or store {"client_id":"…","client_secret":"…"} in it, and "account_id" too for a Server-to-Server app.',
  );
}
