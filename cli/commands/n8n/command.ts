import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ConnectionView, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { regionOf } from '../../aws/region.ts';
import { UsageError } from '../../errors.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { pasteText } from './instructions.ts';
import { addN8nLink, addN8nUnlink } from './link.ts';
import { assertVault, credentials, policy, updateInterval } from './vault.ts';
import { workflow } from './workflow.ts';

interface Options {
  vault: string;
  workflow?: string | true;
}

const FILE = 'zoom-tokens-workflow.json';

export function addN8n(program: Command): void {
  const command = program
    .command('n8n')
    .description('Show what to paste into n8n, write a workflow to import, or push tokens to n8n.')
    .argument('[connection]', 'this connection alone')
    .option('--vault <name>', 'name of the vault in n8n', 'aws')
    .option(
      '--workflow [file]',
      `write a workflow that tries each credential (default: ${FILE}; - is standard output)`,
    )
    .action(n8n);
  addN8nLink(command);
  addN8nUnlink(command);
  addExamples(command, [
    ['zoom-tokens n8n', 'vault, expressions, interval and policy'],
    ['zoom-tokens n8n --vault production', 'for a vault of that name'],
    ['zoom-tokens n8n main --workflow who-am-i.json', 'then import it in n8n'],
    ['zoom-tokens n8n link main --url https://n8n.example.com', 'without external secrets'],
  ]);
}

async function n8n(connection: string | undefined, options: Options, command: Command): Promise<void> {
  assertVault(options.vault);
  const session = openSession(command);
  const { operator, output } = session;
  const { connections } = await output.during('Asking for the connections', () =>
    operator.ask('status', connection === undefined ? {} : { connection }),
  );
  if (options.workflow !== undefined) return write(options, connections, session);
  const region = await regionOf(session.aws);
  const paste = {
    vault: {
      name: options.vault,
      provider: 'AWS Secrets Manager',
      region,
      authentication: 'IAM User; Auto Detect where n8n runs in AWS with a role',
    },
    credentials: credentials(connections, options.vault),
    updateInterval: updateInterval(connections),
    policy: policy(region),
  };
  output.document(paste);
  output.say(pasteText(paste));
}

async function write(
  options: Options,
  connections: ConnectionView[],
  { operator, output }: Session,
): Promise<void> {
  const used = credentials(connections, options.vault);
  if (used.length === 0) {
    throw new Failure(
      'rejected',
      'no_connections',
      'There are no connections yet, so there is nothing to try in a workflow.',
      'Make one: zoom-tokens connect main.',
    );
  }
  const about: OperatorResults['about'] = await output.during('Asking the installation', () =>
    operator.ask('about', {}),
  );
  const json = `${JSON.stringify(workflow(used, about.zoomApiUrl), null, 2)}\n`;
  if (options.workflow === '-') {
    process.stdout.write(json);
    return;
  }
  const file = options.workflow === true ? FILE : String(options.workflow);
  await writeFile(file, json).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be written (${error.code}).`, 'Name another: --workflow <file>.');
  });
  output.document({ workflow: file, credentials: used });
  output.say(
    `${paint('green', '✔')} ${file} is written. In n8n: a new workflow, ⋯, Import from File, Execute.`,
  );
  output.say(`  It looks for the credentials by name: ${used.map(({ name }) => name).join(', ')}.`);
}
