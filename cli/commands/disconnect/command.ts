import type { Command } from 'commander';
import type { ConnectionView, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { askConsent, canAsk } from '../../terminal/prompts.ts';
import { day } from '../../terminal/time.ts';

interface Options {
  yes?: boolean;
  now?: boolean;
}

export function addDisconnect(program: Command): void {
  const command = program
    .command('disconnect')
    .description('End a connection: its tokens at Zoom and here, and the secret that n8n reads.')
    .argument('<connection>', 'name of the connection')
    .option('--yes', 'do not ask')
    .option('--now', 'delete the secret at once, without the days in which it can be restored')
    .action(disconnect);
  addExamples(command, [
    ['zoom-tokens disconnect main', 'asks first'],
    ['zoom-tokens disconnect main --yes', 'for a script'],
    ['zoom-tokens disconnect main --now', 'the secret’s name is free at once'],
  ]);
}

async function disconnect(connection: string, { yes, now }: Options, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  if (!yes) {
    if (!canAsk()) {
      throw new UsageError(
        'Nobody is at a terminal to confirm it, so nothing was disconnected.',
        `Say that it is meant: zoom-tokens disconnect ${connection} --yes.`,
      );
    }
    const { connections } = await operator.ask('status', { connection });
    for (const view of connections) output.note(consequences(view, now ?? false));
    if (!(await askConsent(`Disconnect "${connection}"?`))) {
      throw new Failure('rejected', 'declined', 'Nothing was disconnected.', 'Answer yes to disconnect it.');
    }
  }
  const result = await output.during(`Disconnecting "${connection}"`, () =>
    operator.ask('disconnect', { connection, ...(now && { force: true }) }),
  );
  output.document(result);
  output.say(outcome(result));
}

function consequences({ connection, grantType, secretName }: ConnectionView, now: boolean): string {
  const tokens = grantType === 'authorization_code' ? 'revokes its tokens at Zoom' : 'forgets its token';
  const secret = now ? 'for good' : 'and keeps it restorable for some days';
  return [
    `This ${tokens}, and deletes the secret ${secretName} ${secret}.`,
    `Workflows in n8n that use "${connection}" fail from then on.`,
  ].join('\n');
}

function outcome({ connection, revoked, secretDeletedAt }: OperatorResults['disconnect']): string {
  const { connection: name, secretName } = connection;
  const secret =
    secretDeletedAt === undefined
      ? `The secret ${secretName} is deleted.`
      : `The secret ${secretName} is deleted; until ${day(secretDeletedAt)} it can be restored.`;
  const zoom = revoked
    ? 'Zoom has revoked its tokens.'
    : 'Zoom has not revoked a token. The last access token works until it ends, within the hour.';
  return [`${paint('green', '✔')} "${name}" is disconnected.`, `  ${zoom}`, `  ${secret}`].join('\n');
}
