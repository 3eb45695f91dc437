import type { Command } from 'commander';
import { assertName, isHttpsOrLoopback } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { readApiKey } from './api-key.ts';
import { credentialName as nameOf } from './vault.ts';

interface LinkOptions {
  url: string;
  instance: string;
  credential?: string;
  credentialName?: string;
  stdin?: boolean;
}

export function addN8nLink(n8n: Command): void {
  const command = n8n
    .command('link')
    .description('Push the token to a credential in n8n, now and at each rotation. Needs no licence of n8n.')
    .argument('<connection>', 'name of the connection')
    .requiredOption('--url <url>', 'origin of n8n, such as https://n8n.example.com')
    .option('--instance <name>', 'a name for this n8n, where there are several', 'default')
    .option('--credential <id>', 'an existing credential of the type "Zoom API" (default: makes one)')
    .option('--credential-name <name>', 'name of the credential that is made (default: Zoom <connection>)')
    .option('--stdin', 'read the API key from standard input')
    .action(link);
  addExamples(command, [
    ['zoom-tokens n8n link main --url https://n8n.example.com', 'asks for the API key, makes a credential'],
    ['zoom-tokens n8n link main --url https://n8n.example.com --stdin < key', 'for a script'],
    [
      'zoom-tokens n8n link main --url https://n8n.example.com --credential 3Fk9',
      'one that workflows use already',
    ],
  ]);
  command.addHelpText(
    'after',
    `
Environment: N8N_API_KEY. The key is never an option: every user of this machine could read it in the list of processes.
It needs the scopes credential:create and credential:update, with --credential the second alone.`,
  );
}

export function addN8nUnlink(n8n: Command): void {
  const command = n8n
    .command('unlink')
    .description('Stop pushing the token to n8n. The credential stays in n8n, with the last token.')
    .argument('<connection>', 'name of the connection')
    .option('--instance <name>', 'which n8n', 'default')
    .action(unlink);
  addExamples(command, [['zoom-tokens n8n unlink main', 'no further token is pushed']]);
}

async function link(connection: string, options: LinkOptions, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const { instance, credential, credentialName } = options;
  assertName('connection', connection);
  if (credential !== undefined && credentialName !== undefined) {
    throw new UsageError(
      'An existing credential keeps its name.',
      'Leave out --credential or --credential-name.',
    );
  }
  assertName('instance', instance);
  const url = readOrigin(options.url);
  const apiKey = await readApiKey(options.stdin ?? false, process.env);
  const result = await output.during(`Pushing the token to ${url}`, () =>
    operator.ask('n8n-link', {
      connection,
      instance,
      url,
      apiKey,
      ...(credential !== undefined && { credentialId: credential }),
      ...(credentialName !== undefined && { credentialName }),
    }),
  );
  output.document(result);
  const { credentialId, created } = result;
  output.say(`${paint('green', '✔')} n8n has the token of "${connection}", and gets each new one.`);
  output.say(
    created
      ? `  Choose the credential "${credentialName ?? nameOf(connection)}" (${credentialId}) in the Zoom nodes of your workflows.`
      : `  The credential is ${credentialId}.`,
  );
}

async function unlink(
  connection: string,
  { instance }: { instance: string },
  command: Command,
): Promise<void> {
  const { operator, output } = openSession(command);
  assertName('connection', connection);
  assertName('instance', instance);
  const result = await output.during(`Unlinking "${connection}"`, () =>
    operator.ask('n8n-unlink', { connection, instance }),
  );
  output.document(result);
  output.say(
    `${paint('green', '✔')} No further token of "${connection}" is pushed to the n8n "${instance}".`,
  );
  output.say('  The credential stays in n8n; its token works until it ends, within the hour.');
}

/** @throws {UsageError} The API key travels there: never in the clear, except on this very machine. */
function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && isHttpsOrLoopback(url) && url.username === '' && url.search === '' && url.hash === '') {
    return url.href.replace(/\/+$/, '');
  }
  throw new UsageError(
    'The URL of n8n must begin with https://, and hold no password and no query.',
    'Give where n8n is opened: --url https://n8n.example.com.',
  );
}
