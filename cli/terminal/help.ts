import type { Command } from 'commander';

/** Adds examples to a command's help: what to type, and what it does. */
export function addExamples(command: Command, examples: [input: string, effect: string][]): Command {
  const width = Math.max(...examples.map(([input]) => input.length));
  const lines = examples.map(([input, effect]) => `  ${input.padEnd(width)}  ${effect}`.trimEnd());
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

export const EXIT_STATUS_HELP = `
Exit status:
  0    success
  1    a problem was found, or the command failed; a retry may succeed
  2    wrong usage: nothing was changed
  3    a person must consent at Zoom again
  4    an operator must fix the Zoom app or the installation
  5    connect: the user declined at Zoom
  130  interrupted by Ctrl-C
  141  the reader of standard output closed it`;
