import type { Command } from 'commander';
import { addExamples } from '../cli/help.ts';
import { openSession } from '../cli/session.ts';
import { table } from '../cli/table.ts';

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('Show every connection, or one.')
    .argument('[connection]', 'name of the connection')
    .action(status);
  addExamples(command, [
    ['zoom-tokens status', 'every connection'],
    ['zoom-tokens status main', 'one, with more about it'],
  ]);
}

async function status(connection: string | undefined, _: object, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const result = await output.during('Asking', () =>
    operator.ask('status', connection === undefined ? {} : { connection }),
  );
  output.document(result);
  output.say(
    table(
      ['Connection', 'State'],
      result.connections.map((each) => [each.connection, each.status]),
    ),
  );
}
