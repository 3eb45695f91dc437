import type { Command } from 'commander';
import { didYouMean } from '../../closest.ts';
import { UsageError } from '../../errors.ts';

export function addHelp(program: Command): void {
  program
    .command('help')
    .description('Print the help of a command, or of the program.')
    .argument('[command...]', 'name of the command, such as status or n8n link')
    .action((names: string[]) => {
      findCommand(program, names).outputHelp();
    });
}

/** @throws {UsageError} for a command that does not exist */
function findCommand(program: Command, names: string[]): Command {
  let found = program;
  for (const name of names) {
    const next = found.commands.find((command) => command.name() === name);
    if (!next) throw unknownCommand(found, name);
    found = next;
  }
  return found;
}

function unknownCommand({ commands }: Command, name: string): UsageError {
  const names = commands.map((command) => command.name());
  return new UsageError(
    `Unknown command "${name}".${didYouMean(name, names)}`,
    'List the commands: npx zoom-tokens help',
  );
}
