import type { Command, Option } from 'commander';

/** Returns the options that the command line names, and none that has its default. */
export const passedOptions = (command: Command): Option[] =>
  command.options.filter((option) => {
    const name = option.attributeName();
    return (
      command.getOptionValueSource(name) === 'cli' &&
      option.negate === (command.getOptionValue(name) === false)
    );
  });
