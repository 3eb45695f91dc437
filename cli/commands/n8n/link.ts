import type { Command } from 'commander';
import { N8N, normalN8nUrl } from '../../../lambdas/contract.ts';
import { assertName, type CredentialTest } from '../../../lambdas/operator-protocol.ts';
import { TEST_ADVICE } from '../../connection/remarks.ts';
import { UsageError } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { readApiKey } from './api-key.ts';
import { credentialName as defaultCredentialName } from './vault.ts';

interface LinkOptions {
  url: string;
  instance: string;
  credential?: string;
  credentialName?: string;
  externalSecret?: boolean;
  stdin?: boolean;
  move?: boolean;
}

export function addN8nLink(n8n: Command): void {
  const command = n8n
    .command('link')
    .description(
      'Push the token to a credential in n8n, now and at each rotation. Needs no licence for external secrets.',
    )
    .argument('<connection>', 'name of the connection')
    .requiredOption('--url <url>', 'address of n8n, such as https://n8n.example.com')
    .option('--instance <name>', 'name of this n8n instance, where there are several', 'default')
    .option(
      '--credential <id>',
      `existing credential of the type "${N8N.credentialType}" (default: creates one)`,
    )
    .option('--credential-name <name>', 'name of the new credential (default: Zoom <connection>)')
    .option(
      '--external-secret',
      'the credential reads the published secret: register it, so that doctor lets n8n test it; never write it',
    )
    .option('--stdin', 'read the API key from standard input')
    .option('--move', 'give the instance another address, with all connections that use it')
    .action(linkN8n);
  addExamples(command, [
    [
      'zoom-tokens n8n link main --url https://n8n.example.com',
      'prompts for the API key, creates a credential',
    ],
    ['zoom-tokens n8n link main --url https://n8n.example.com --stdin < key', 'for a script'],
    [
      'zoom-tokens n8n link main --url https://n8n.example.com --credential 3Fk9',
      'a credential that workflows already use',
    ],
    [
      'zoom-tokens n8n link main --url https://n8n.example.com --credential 3Fk9 --external-secret',
      'a credential with an expression, which is tested and never written',
    ],
  ]);
  addNotes(
    command,
    `
Environment: N8N_API_KEY. No option takes the key: every user of this machine can read the arguments in the list of
processes. Whoever deploys lists the addresses that tokens may be pushed to: the setting n8nUrls. The key needs the scopes credential:create and credential:update; with --credential, only the second. With
credential:read as well, n8n tests the credential after the link. --external-secret needs credential:read alone.`,
  );
}

export function addN8nUnlink(n8n: Command): void {
  const command = n8n
    .command('unlink')
    .description('Stop pushing the token to n8n. The credential stays in n8n, with the last token.')
    .argument('<connection>', 'name of the connection')
    .option('--instance <name>', 'name of the n8n instance', 'default')
    .action(unlinkN8n);
  addExamples(command, [['zoom-tokens n8n unlink main', 'pushes no further token']]);
}

async function linkN8n(connection: string, options: LinkOptions, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const { instance, credential, credentialName } = options;
  assertName('connection', connection);
  if (credential !== undefined && credentialName !== undefined) {
    throw new UsageError('An existing credential keeps its name.', 'Omit --credential or --credential-name.');
  }
  const externalSecret = options.externalSecret ?? false;
  if (externalSecret && credential === undefined) {
    throw new UsageError(
      '--external-secret registers an existing credential, and none was named.',
      'Pass its id, which n8n shows in the address of the opened credential: --credential <id>',
    );
  }
  assertName('instance', instance);
  const url = parseN8nUrl(options.url);
  const apiKey = await readApiKey(options.stdin ?? false, process.env);
  const progress = externalSecret ? `Testing the credential at ${url}` : `Pushing the token to ${url}`;
  const result = await output.withSpinner(progress, () =>
    operator.request('n8n-link', {
      connection,
      instance,
      url,
      apiKey,
      ...(credential !== undefined && { credentialId: credential }),
      ...(credentialName !== undefined && { credentialName }),
      ...(externalSecret && { externalSecret }),
      ...(options.move && { move: true }),
    }),
  );
  output.printJson(result);
  const { credentialId, created, tested } = result;
  if (externalSecret) {
    output.print(
      `${paint('green', '✔')} The credential ${credentialId} is registered for "${connection}": it is tested and never written.`,
    );
    if (tested) output.print(formatCredentialTest(tested));
    return;
  }
  output.print(`${paint('green', '✔')} n8n has the token of "${connection}", and gets each new one.`);
  output.print(
    created
      ? `  In the Zoom nodes of your workflows, choose the credential "${credentialName ?? defaultCredentialName(connection)}" (${credentialId}).`
      : `  The id of the credential is ${credentialId}.`,
  );
  if (tested) output.print(formatCredentialTest(tested));
}

function formatCredentialTest(tested: CredentialTest): string {
  if (tested.ok) return '  n8n tested the credential: it can use the token.';
  if (tested.ok === undefined) return `  ${tested.message}`;
  return `  ${paint('yellow', '!')} n8n tested the credential, and the test failed: ${tested.message}\n  ${TEST_ADVICE}`;
}

async function unlinkN8n(
  connection: string,
  { instance }: { instance: string },
  command: Command,
): Promise<void> {
  const { operator, output } = openSession(command);
  assertName('connection', connection);
  assertName('instance', instance);
  const result = await output.withSpinner(`Unlinking "${connection}"`, () =>
    operator.request('n8n-unlink', { connection, instance }),
  );
  output.printJson(result);
  output.print(
    `${paint('green', '✔')} "${connection}" is no longer linked to the n8n instance "${instance}": no token is pushed to it.`,
  );
  // A credential that was registered with --external-secret reads the published secret further on.
  output.print('  The credential stays in n8n. A token that was pushed to it expires within the hour.');
}

/**
 * Returns the address of n8n without a slash at its end. The API key is sent to it, so plain HTTP is allowed on this
 * machine alone.
 * @throws {UsageError}
 */
function parseN8nUrl(text: string): string {
  const url = normalN8nUrl(text);
  if (url !== undefined) return url;
  throw new UsageError(
    'The URL of n8n must begin with https://, and contain no password and no query.',
    'Pass the address at which you open n8n: --url https://n8n.example.com',
  );
}
