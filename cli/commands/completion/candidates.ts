import type { Command, Option } from 'commander';

/** A word that may stand at the cursor, and what it does. */
export interface Candidate {
  word: string;
  description: string;
}

/**
 * Returns the words that may replace the last one: commands, values of an argument or of an option, and, after a `-`,
 * options.
 * @param words what stands after the program's name; the last is the beginning of the word at the cursor
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidate[] {
  const current = words.at(-1) ?? '';
  let command = program;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    const isValue = pending !== undefined;
    pending = isValue
      ? undefined
      : optionsOf(command).find((option) => isOption(option, word) && option.required);
    if (!isValue) command = command.commands.find((each) => each.name() === word) ?? command;
  }
  return all(command, pending, current).filter(({ word }) => word.startsWith(current));
}

function all(command: Command, pending: Option | undefined, current: string): Candidate[] {
  if (pending) return values(pending.argChoices);
  if (current.startsWith('-')) {
    return optionsOf(command).map(({ long, description }) => ({ word: long ?? '', description }));
  }
  return [
    ...command
      .createHelp()
      .visibleCommands(command)
      .map((each) => ({ word: each.name(), description: each.description() })),
    ...command.registeredArguments.flatMap(({ argChoices }) => values(argChoices)),
  ];
}

const values = (choices: readonly string[] = []): Candidate[] =>
  choices.map((word) => ({ word, description: '' }));

/** Returns the options of a command and of those above it. */
function optionsOf(command: Command): Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

const isOption = ({ short, long }: Option, word: string): boolean => word === short || word === long;
