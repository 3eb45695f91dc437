import type { GrantType } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { canPrompt, promptChoice, promptSecret, promptText } from '../../terminal/prompts.ts';
import {
  type AppCredentials,
  credentialsProblem,
  FIELD_NAMES,
  FIELD_VARIABLES,
  type Field,
  fieldProblem,
  requiredFields,
} from './app-credentials.ts';

/**
 * Returns the type of the app: from `--grant`, or else from the known fields, or else from a prompt.
 * @param option value of `--grant`
 * @param known fields that need no prompt
 */
export async function chooseGrant(
  option: GrantType | undefined,
  known: Partial<AppCredentials>,
): Promise<GrantType> {
  if (option !== undefined) return option;
  if (known.account_id !== undefined) return 'account_credentials';
  if (known.client_id !== undefined && known.client_secret !== undefined) return 'authorization_code';
  if (!canPrompt()) return 'authorization_code';
  return promptChoice<GrantType>('Type of the Zoom app', [
    { name: 'General App: a user consents in the browser', value: 'authorization_code' },
    { name: 'Server-to-Server OAuth App: no browser', value: 'account_credentials' },
  ]);
}

/**
 * Returns complete and plausible credentials. Prompts for missing fields at a terminal.
 * @throws {UsageError} that names the missing or impossible fields, and never quotes a value
 */
export async function completeCredentials(
  grant: GrantType,
  known: Partial<AppCredentials>,
): Promise<AppCredentials> {
  const fields = requiredFields(grant);
  const missing = fields.filter((field) => known[field] === undefined);
  if (missing.length > 0 && !canPrompt()) throw missingFields(missing);
  const values: Partial<AppCredentials> = {};
  for (const field of fields) values[field] = known[field] ?? (await promptField(field));
  const token = known.webhook_secret_token ?? (missing.length > 0 ? await promptWebhookToken() : '');
  if (token !== '') values.webhook_secret_token = token;
  const credentials = values as AppCredentials;
  assertPlausible(credentials);
  return credentials;
}

const SECRET_FIELDS: Field[] = ['client_secret', 'webhook_secret_token'];

async function promptField(field: Field): Promise<string> {
  const prompt = SECRET_FIELDS.includes(field) ? promptSecret : promptText;
  return (await prompt(FIELD_NAMES[field], (value) => fieldProblem(field, value.trim()) ?? true)).trim();
}

async function promptWebhookToken(): Promise<string> {
  const message = 'Secret Token of its event subscription, if it has one (Enter: none)';
  const validate = (value: string) =>
    value.trim() === '' || (fieldProblem('webhook_secret_token', value.trim()) ?? true);
  return (await promptSecret(message, validate)).trim();
}

function assertPlausible(credentials: AppCredentials): void {
  const fieldProblems = Object.entries(credentials).map(([field, value]) =>
    fieldProblem(field as Field, value),
  );
  const problem = fieldProblems.find((each) => each !== undefined) ?? credentialsProblem(credentials);
  if (problem === undefined) return;
  throw new UsageError(
    problem,
    "Copy the values again from the app's page App Credentials in the Zoom App Marketplace.",
  );
}

function missingFields(fields: Field[]): UsageError {
  const names = fields.map((field) => FIELD_NAMES[field]).join(' and ');
  const variables = fields.map((field) => FIELD_VARIABLES[field]).join(', ');
  const keys = fields.map((field) => `"${field}"`).join(' and ');
  return new UsageError(
    `The ${names} ${fields.length > 1 ? 'are' : 'is'} missing, and this is not an interactive terminal.`,
    `Set ${variables} in the environment, or pass ${keys} in the JSON on standard input with --stdin.`,
  );
}
