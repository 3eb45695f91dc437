import type { Command } from 'commander';

/** Examples under a command's help: what to type, and what it does. */
export function addExamples(command: Command, examples: [typed: string, does: string][]): Command {
  const width = Math.max(...examples.map(([typed]) => typed.length));
  const lines = examples.map(([typed, does]) => `  ${typed.padEnd(width)}  ${does}`.trimEnd());
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

export const EXIT_STATUS_HELP = `
Exit status:
  0    all is well
  1    something is wrong, or failed and may be tried again
  2    wrong usage: nothing was done
  3    a person must consent at Zoom again
  4    the operator must fix the Zoom app or the installation
  130  Ctrl-C`;
