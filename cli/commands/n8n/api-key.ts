import { UsageError } from '../../errors.ts';
import { askSecret, canAsk } from '../../terminal/prompts.ts';
import { readInput } from '../../terminal/stdin.ts';

/** Standard input before the environment, and that before a question. Never an option: processes are listed. */
export async function readApiKey(fromInput: boolean, environment: NodeJS.ProcessEnv): Promise<string> {
  const given = fromInput ? await readInput() : environment.N8N_API_KEY;
  const apiKey = given?.trim() || (fromInput ? '' : await ask());
  const problem = implausible(apiKey);
  if (problem === undefined) return apiKey;
  throw new UsageError(
    problem,
    'Make one in n8n, Settings > n8n API, with the scopes credential:create and credential:update.',
  );
}

async function ask(): Promise<string> {
  if (canAsk()) return (await askSecret('n8n API key', (value) => implausible(value.trim()) ?? true)).trim();
  throw new UsageError(
    'The n8n API key is missing, and nobody is at a terminal to ask.',
    'Set N8N_API_KEY in the environment, or give it on standard input with --stdin.',
  );
}

/** Quotes nothing: it may be the right one. */
function implausible(apiKey: string): string | undefined {
  if (apiKey === '') return 'The n8n API key is empty.';
  return /^[\x21-\x7e]+$/.test(apiKey)
    ? undefined
    : 'The n8n API key has white space or other signs in it: copy it alone.';
}
