import type { GrantType } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { askChoice, askSecret, askText, canAsk } from '../../terminal/prompts.ts';
import {
  type AppSecret,
  FIELD_NAMES,
  FIELD_VARIABLES,
  type Field,
  implausible,
  inconsistent,
  requiredFields,
} from './app-credentials.ts';

/** Which kind of app it is: said, or told by what is given, or asked for. */
export async function chooseGrant(
  said: GrantType | undefined,
  given: Partial<AppSecret>,
): Promise<GrantType> {
  if (said !== undefined) return said;
  if (given.account_id !== undefined) return 'account_credentials';
  if (given.client_id !== undefined && given.client_secret !== undefined) return 'authorization_code';
  if (!canAsk()) return 'authorization_code';
  return askChoice<GrantType>('Which kind of Zoom app?', [
    { name: 'General App: a user consents in the browser', value: 'authorization_code' },
    { name: 'Server-to-Server OAuth App: no browser', value: 'account_credentials' },
  ]);
}

/**
 * The app's credentials, whole and plausible; what is not given is asked for where somebody can answer.
 * @throws {UsageError} that names what is missing, and never a value
 */
export async function completeCredentials(grant: GrantType, given: Partial<AppSecret>): Promise<AppSecret> {
  const fields = requiredFields(grant);
  const asking = fields.some((field) => given[field] === undefined);
  if (asking && !canAsk()) throw missing(fields.filter((field) => given[field] === undefined));
  const values: Partial<AppSecret> = {};
  for (const field of fields) values[field] = given[field] ?? (await ask(field));
  const token = given.webhook_secret_token ?? (asking ? await askForToken() : '');
  if (token !== '') values.webhook_secret_token = token;
  return checked(values as AppSecret);
}

const SECRETS: Field[] = ['client_secret', 'webhook_secret_token'];

async function ask(field: Field): Promise<string> {
  const question = SECRETS.includes(field) ? askSecret : askText;
  return (await question(FIELD_NAMES[field], (value) => implausible(field, value.trim()) ?? true)).trim();
}

async function askForToken(): Promise<string> {
  const question = 'Secret Token of its event subscription, if it has one (Enter: none)';
  const check = (value: string) =>
    value.trim() === '' || (implausible('webhook_secret_token', value.trim()) ?? true);
  return (await askSecret(question, check)).trim();
}

function checked(values: AppSecret): AppSecret {
  const problems = Object.entries(values).map(([field, value]) => implausible(field as Field, value));
  const problem = problems.find((each) => each !== undefined) ?? inconsistent(values);
  if (problem === undefined) return values;
  throw new UsageError(
    problem,
    'Copy each again from the page App Credentials of the app, in the Zoom App Marketplace.',
  );
}

function missing(fields: Field[]): UsageError {
  const names = fields.map((field) => FIELD_NAMES[field]).join(' and ');
  const variables = fields.map((field) => FIELD_VARIABLES[field]).join(', ');
  return new UsageError(
    `The ${names} ${fields.length > 1 ? 'are' : 'is'} missing, and nobody is at a terminal to ask.`,
    `Set ${variables} in the environment, or give JSON on standard input with --stdin.`,
  );
}
