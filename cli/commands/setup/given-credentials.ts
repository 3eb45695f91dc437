import * as v from 'valibot';
import { jsonObject } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { readInput } from '../../terminal/stdin.ts';
import { type AppSecret, FIELD_VARIABLES, type Field } from './app-credentials.ts';

type GivenFields = Partial<Record<Field, string>>;

const Piped = v.pipe(
  jsonObject,
  v.strictObject({
    client_id: v.optional(v.string()),
    client_secret: v.optional(v.string()),
    account_id: v.optional(v.string()),
    webhook_secret_token: v.optional(v.string()),
  } satisfies Record<keyof AppSecret, unknown>),
);

/**
 * What need not be asked for: flags before standard input, and that before the environment. White space at the ends is
 * cut off, as it comes along with copying.
 * @throws {UsageError} without a word of what was read
 */
export async function givenCredentials(
  flags: { clientId?: string; accountId?: string; stdin?: boolean },
  environment: NodeJS.ProcessEnv,
): Promise<GivenFields> {
  const fromEnvironment = Object.entries(FIELD_VARIABLES).map(([field, name]) => [field, environment[name]]);
  const given = {
    ...present(Object.fromEntries(fromEnvironment)),
    ...present(flags.stdin ? await readPiped() : {}),
    ...present({ client_id: flags.clientId, account_id: flags.accountId }),
  };
  return given;
}

/** An empty value is one that is not given. */
function present(values: Partial<Record<Field, string | undefined>>): GivenFields {
  const trimmed = Object.entries(values).map(([field, value]) => [field, value?.trim()]);
  return Object.fromEntries(trimmed.filter(([, value]) => value));
}

async function readPiped(): Promise<v.InferOutput<typeof Piped>> {
  const piped = v.safeParse(Piped, parseJson(await readInput()));
  if (piped.success) return piped.output;
  throw new UsageError(
    'Standard input is not the JSON of a Zoom app.',
    'Give {"client_id":"…","client_secret":"…"}, with "account_id" for a Server-to-Server app and "webhook_secret_token" if you have one.',
  );
}

function parseJson(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return undefined;
  }
}
