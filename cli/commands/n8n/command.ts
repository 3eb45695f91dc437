import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { statusPages } from '../../connection/list-connections.ts';
import { FIRST_CONNECTION } from '../../connection/text.ts';
import { UsageError } from '../../errors.ts';
import type { OperatorClient } from '../../operator-client.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { formatInstructions, type N8nInstructions } from './instructions.ts';
import { addN8nLink, addN8nUnlink } from './link.ts';
import { assertVault, n8nCredentials, readPolicy, unreadableByN8n, updateInterval } from './vault.ts';

interface N8nOptions {
  vault: string;
  workflow?: string | true;
}

const DEFAULT_FILE = 'zoom-tokens-workflow.json';

export function addN8n(program: Command): void {
  const command = program
    .command('n8n')
    .description('Show the settings for n8n, write a workflow to import, or push tokens to n8n.')
    .argument('[connection]', 'only this connection')
    .option('--vault <name>', 'name of the vault in n8n', 'aws')
    .option(
      '--workflow [file]',
      `write a workflow that tests each credential (default: ${DEFAULT_FILE}; - is standard output)`,
    )
    .action(n8n);
  addN8nLink(command);
  addN8nUnlink(command);
  addExamples(command, [
    ['zoom-tokens n8n', 'shows vault, expressions, interval and policy'],
    ['zoom-tokens n8n --vault production', 'for a vault of that name'],
    ['zoom-tokens n8n main --workflow who-am-i.json', 'writes a workflow to import in n8n'],
    ['zoom-tokens n8n link main --url https://n8n.example.com', 'pushes tokens, without external secrets'],
  ]);
}

/** Returns one connection, or all by name. */
async function readConnections(
  connection: string | undefined,
  operator: OperatorClient,
): Promise<ConnectionView[]> {
  if (connection !== undefined) return (await operator.request('status', { connection })).connections;
  const connections: ConnectionView[] = [];
  for await (const page of statusPages({ sort: 'name' }, operator)) connections.push(...page.connections);
  return connections;
}

async function n8n(connection: string | undefined, options: N8nOptions, command: Command): Promise<void> {
  assertVault(options.vault);
  const session = openSession(command);
  const { operator, output } = session;
  const connections = await output.withSpinner('Requesting the connections', () =>
    readConnections(connection, operator),
  );
  if (options.workflow !== undefined) return writeWorkflow(connection, options, connections, session);
  const [region, { readers }] = await Promise.all([
    session.region(),
    output.withSpinner('Requesting the installation', () => operator.request('about', {})),
  ]);
  const settings: N8nInstructions = {
    vault: {
      name: options.vault,
      provider: 'AWS Secrets Manager',
      region,
      authentication: 'IAM User; Auto Detect where n8n runs in AWS with a role',
    },
    credentials: n8nCredentials(connections, options.vault),
    updateInterval: updateInterval(connections),
    policy: readPolicy(region, readers),
    notReadable: unreadableByN8n(connections, readers).map((each) => each.connection),
  };
  output.printJson(settings);
  output.print(formatInstructions(settings, connections.length > 0));
}

async function writeWorkflow(
  connection: string | undefined,
  options: N8nOptions,
  views: ConnectionView[],
  { operator, output }: Session,
): Promise<void> {
  const credentials = n8nCredentials(views, options.vault);
  if (credentials.length === 0) {
    throw new Failure(
      'rejected',
      'no_connections',
      connection === undefined
        ? 'No workflow was written: there are no connections yet.'
        : `No workflow was written: n8n has no credential of "${connection}".`,
      connection === undefined ? FIRST_CONNECTION : `See why: npx zoom-tokens status ${connection}`,
    );
  }
  const { zoomApiUrl } = await output.withSpinner('Requesting the installation', () =>
    operator.request('about', {}),
  );
  const { createWorkflow } = await import('./workflow.ts');
  const json = `${JSON.stringify(createWorkflow(credentials, zoomApiUrl), null, 2)}\n`;
  if (options.workflow === '-') {
    process.stdout.write(json);
    return;
  }
  const file = options.workflow === true ? DEFAULT_FILE : String(options.workflow);
  await writeFile(file, json).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${file} could not be written (${error.code}).`,
      'Choose another file: --workflow <file>',
    );
  });
  output.printJson({ workflow: file, credentials });
  output.print(
    `${paint('green', '✔')} ${file} is written. In n8n, open a new workflow and choose ⋯ > Import from File, then Execute.`,
  );
  const names = credentials.map(({ name }) => name).join(', ');
  output.print(`  The workflow finds the credentials by name: ${names}.`);
}
