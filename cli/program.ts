import { Command, type CommanderError, Help } from 'commander';
import { closest } from './closest.ts';
import { addAbout } from './commands/about/command.ts';
import { addBundle } from './commands/bundle/command.ts';
import { addCompletion } from './commands/completion/command.ts';
import { addConnect } from './commands/connect/command.ts';
import { addDisconnect } from './commands/disconnect/command.ts';
import { addDoctor } from './commands/doctor/command.ts';
import { addHelp } from './commands/help/command.ts';
import { addHistory } from './commands/history/command.ts';
import { addN8n } from './commands/n8n/command.ts';
import { addRotate } from './commands/rotate/command.ts';
import { addRotateKey } from './commands/rotate-key/command.ts';
import { addSetup } from './commands/setup/command.ts';
import { addStatus } from './commands/status/command.ts';
import { addUninstall } from './commands/uninstall/command.ts';
import { addVersion } from './commands/version/command.ts';
import { UsageError } from './errors.ts';
import { addGlobalOptions } from './session.ts';
import { addExamples, addNotes, EXIT_STATUS_HELP } from './terminal/help.ts';
import { createHints } from './terminal/hints.ts';

/** In the order in which a new operator needs them. The completion learns from those that were added before it. */
const COMMANDS = [
  ...[addSetup, addConnect, addStatus, addHistory, addRotate, addBundle, addDisconnect, addDoctor],
  ...[addN8n, addAbout, addRotateKey, addUninstall],
  ...[addHelp, addVersion, addCompletion],
];

/** Returns the program with all its commands. Parsing throws instead of exiting. */
export function createProgram(version: string): Command {
  const program = new Command('zoom-tokens')
    .description('Connects Zoom accounts and keeps their tokens fresh for n8n.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print the help of a command')
    .helpCommand(false)
    .configureHelp({
      showGlobalOptions: true,
      // Commander wraps no column that is narrower than 40 characters, and the terminal then breaks words.
      minWidthToWrap: 20,
      commandUsage: (command) => createHints()(new Help().commandUsage(command)),
    })
    .exitOverride()
    // The caller prints usage errors in the same form as every other failure.
    .configureOutput({ outputError: () => {} });
  addGlobalOptions(program);
  for (const add of COMMANDS) add(program);
  addNotes(program, EXIT_STATUS_HELP);
  return addExamples(program, [
    ['zoom-tokens setup', 'save the credentials of a Zoom app'],
    ['zoom-tokens connect main', 'connect a Zoom account'],
    ['zoom-tokens status', 'show the status of all connections'],
    ['zoom-tokens help <command>', 'print the options and examples of a command'],
  ]);
}

/** Wrong usage for which commander has already printed the help. */
export class NoCommandError extends UsageError {
  constructor() {
    super('No command was given.', 'List the commands: npx zoom-tokens help');
  }
}

/** Returns commander's error as a usage error, or `undefined` after `--help` and `--version`. */
export function usageError(
  error: CommanderError,
  program: Command,
  args: readonly string[],
): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return new NoCommandError();
  const [problem = '', suggestion] = error.message
    .replace(/^error: /, '')
    .split(/\n\(Did you mean (.*)\?\)$/);
  const sentence = `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`.replace(/\.+$/, '.');
  const words = suggestion ?? misspeltSubcommand(error, program, args);
  return new UsageError(
    `${sentence.replaceAll("'", '"')}${words === undefined ? '' : ` ${didYouMean(words)}`}`,
    nextStep(program, args),
  );
}

/** A misspelt subcommand counts as an argument of its command, such as `lnik` of `n8n lnik main`. */
function misspeltSubcommand(
  { code }: CommanderError,
  program: Command,
  args: readonly string[],
): string | undefined {
  if (code !== 'commander.excessArguments') return undefined;
  const { command, rest } = commandIn(program, args);
  return closest(
    rest[0] ?? '',
    command.commands.map((each) => each.name()),
  );
}

/** Returns the help to ask for: that of the command in the arguments, or the list where they name none. */
function nextStep(program: Command, args: readonly string[]): string {
  const { command } = commandIn(program, args);
  if (command === program) return 'List the commands: npx zoom-tokens help.';
  return `Print its usage: npx ${new Help().commandUsage(command).split(' [')[0]} --help`;
}

/** Returns the command that the arguments name, and those behind its name. */
function commandIn(program: Command, args: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program;
  let end = 0;
  for (const [index, word] of args.entries()) {
    const found = command.commands.find((each) => each.name() === word);
    if (found) [command, end] = [found, index + 1];
    // The value of a global option, such as `--name`, may stand before the command.
    else if (command !== program) break;
  }
  return { command, rest: args.slice(end) };
}

/** @param suggestion as commander words it: `status`, or `one of status, setup` */
function didYouMean(suggestion: string): string {
  const names = suggestion.replace(/^one of /, '').split(', ');
  return `Did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`;
}
