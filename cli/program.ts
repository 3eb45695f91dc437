import { Command, type CommanderError } from 'commander';
import { addConnect } from './commands/connect/command.ts';
import { addDisconnect } from './commands/disconnect/command.ts';
import { addDoctor } from './commands/doctor/command.ts';
import { addN8n } from './commands/n8n/command.ts';
import { addRotate } from './commands/rotate/command.ts';
import { addSetup } from './commands/setup/command.ts';
import { addStatus } from './commands/status/command.ts';
import { UsageError } from './errors.ts';
import { addGlobalOptions } from './session.ts';
import { addExamples, EXIT_STATUS_HELP } from './terminal/help.ts';

/** In the order in which a person meets them. */
const COMMANDS = [addSetup, addConnect, addStatus, addRotate, addDisconnect, addDoctor, addN8n];

export function createProgram(version: string): Command {
  const program = new Command('zoom-tokens')
    .description('Connects Zoom accounts and keeps their tokens fresh for n8n.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'show what a command does')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    // Told once, in the same form as every other failure.
    .configureOutput({ writeErr: () => {} });
  addGlobalOptions(program);
  for (const add of COMMANDS) add(program);
  program.addHelpText('after', EXIT_STATUS_HELP);
  return addExamples(program, [
    ['zoom-tokens setup', 'hand over the credentials of a Zoom app'],
    ['zoom-tokens connect main', 'connect a Zoom account'],
    ['zoom-tokens status', 'see how all connections are'],
    ['zoom-tokens <command> --help', 'what a command takes, with examples'],
  ]);
}

/** What commander throws, as our own: `undefined` when it has shown the help or the version. */
export function usageError(error: CommanderError): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help')
    return new UsageError('A command is missing.', 'See zoom-tokens --help.');
  const message = error.message.replace(/^error: /, '');
  return new UsageError(
    `${message.charAt(0).toUpperCase()}${message.slice(1)}.`.replace(/\.+$/, '.'),
    'See zoom-tokens --help, or --help after a command.',
  );
}
