import * as v from 'valibot';
import { jsonObject } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { readStandardInput } from '../../terminal/stdin.ts';
import { type AppCredentials, FIELD_VARIABLES } from './app-credentials.ts';

const InputDocument = v.pipe(
  jsonObject,
  v.strictObject({
    client_id: v.optional(v.string()),
    client_secret: v.optional(v.string()),
    account_id: v.optional(v.string()),
    webhook_secret_token: v.optional(v.string()),
  } satisfies Record<keyof AppCredentials, unknown>),
);

/**
 * Reads the credentials that need no prompt. Options take precedence over standard input, and standard input over the
 * environment. White space around a value is removed, because copying often adds it.
 * @throws {UsageError} that quotes nothing of the input
 */
export async function readCredentials(
  options: { clientId?: string; accountId?: string; stdin?: boolean },
  environment: NodeJS.ProcessEnv,
): Promise<Partial<AppCredentials>> {
  const variables = Object.entries(FIELD_VARIABLES).map(([field, name]) => [field, environment[name]]);
  return {
    ...nonEmpty(Object.fromEntries(variables)),
    ...nonEmpty(options.stdin ? await readDocument() : {}),
    ...nonEmpty({ client_id: options.clientId, account_id: options.accountId }),
  };
}

/** Returns the trimmed values without the empty ones. */
function nonEmpty(values: Record<string, string | undefined>): Partial<AppCredentials> {
  const trimmed = Object.entries(values).map(([field, value]) => [field, value?.trim()]);
  return Object.fromEntries(trimmed.filter(([, value]) => value));
}

async function readDocument(): Promise<v.InferOutput<typeof InputDocument>> {
  const text = await readStandardInput();
  if (text.trim() === '') throw wrongInput('Standard input is empty.');
  const document = v.safeParse(InputDocument, parseJson(text));
  if (document.success) return document.output;
  const [{ path, expected }] = document.issues;
  if (path === undefined) throw wrongInput('Standard input is JSON, but not an object in braces.');
  if (expected === 'never') throw wrongInput('Standard input has a field that no Zoom app has.');
  throw wrongInput(`In the JSON on standard input, "${v.getDotPath(document.issues[0])}" is not text.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrongInput('Standard input is not JSON.');
  }
}

const wrongInput = (problem: string): UsageError =>
  new UsageError(
    problem,
    'Expected {"client_id":"…","client_secret":"…"}, with "account_id" for a Server-to-Server app and "webhook_secret_token" if you have one.',
  );
