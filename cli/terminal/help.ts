import type { Command } from 'commander';
import { createHints } from './hints.ts';
import { wrapText } from './wrap.ts';

/** Commander's own width of a help that no terminal shows. */
const DEFAULT_WIDTH = 80;

/** Adds a text to the end of a command's help, wrapped at the terminal's width. */
export function addNotes(command: Command, notes: string | ((width: number) => string)): Command {
  return command.addHelpText('after', ({ error }) => {
    const { isTTY, columns } = error ? process.stderr : process.stdout;
    const width = isTTY ? columns : DEFAULT_WIDTH;
    return wrapText(
      createHints()(typeof notes === 'string' ? notes : notes(width)),
      isTTY ? width : undefined,
    );
  });
}

/** Adds examples to a command's help: what to type and, where it fits beside that, what it does; otherwise below it. */
export function addExamples(command: Command, examples: [input: string, effect: string][]): Command {
  return addNotes(command, (width) => `\nExamples:\n${formatExamples(examples, width)}`);
}

function formatExamples(examples: [input: string, effect: string][], width: number): string {
  const hints = createHints();
  const inputs = examples.map(([input]) => hints(input));
  const column = Math.max(...inputs.map((input) => input.length));
  const isWide = examples.every(([, effect]) => column + effect.length + 4 <= width);
  return examples
    .map(([, effect], index) =>
      isWide ? `  ${inputs[index]?.padEnd(column)}  ${effect}` : `  ${inputs[index]}\n      ${effect}`,
    )
    .join('\n');
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
