import { UsageError } from '../../errors.ts';
import { canPrompt, promptSecret } from '../../terminal/prompts.ts';
import { readStandardInput } from '../../terminal/stdin.ts';

/**
 * Reads n8n's API key from standard input, or else from `N8N_API_KEY`, or else from a prompt. No option takes it: the
 * list of processes shows arguments to every user of the machine.
 * @throws {UsageError} that never quotes the key
 */
export async function readApiKey(
  fromStandardInput: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const known = fromStandardInput ? await readStandardInput() : environment.N8N_API_KEY;
  const apiKey = known?.trim() || (fromStandardInput ? '' : await promptApiKey());
  const problem = apiKeyProblem(apiKey);
  if (problem === undefined) return apiKey;
  throw new UsageError(
    problem,
    'Create one in n8n, Settings > n8n API, with the scopes credential:create and credential:update.',
  );
}

async function promptApiKey(): Promise<string> {
  if (canPrompt()) {
    return (await promptSecret('n8n API key', (value) => apiKeyProblem(value.trim()) ?? true)).trim();
  }
  throw new UsageError(
    'The n8n API key is missing, and this is not an interactive terminal.',
    'Set N8N_API_KEY in the environment, or pass the key on standard input with --stdin.',
  );
}

/** Returns why this cannot be an API key, or `undefined`. Never quotes the value: it may be a valid key. */
function apiKeyProblem(apiKey: string): string | undefined {
  if (apiKey === '') return 'The n8n API key is empty.';
  return /^[\x21-\x7e]+$/.test(apiKey)
    ? undefined
    : 'The n8n API key contains white space or characters outside ASCII: copy the key alone.';
}
