import { Argument, type Command } from 'commander';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { candidatesFor } from './candidates.ts';
import { SCRIPTS, type Shell } from './scripts.ts';

/** Adds `completion <shell>`, which prints a script for the shell, and the command that the script calls. */
export function addCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('Print the script with which a shell completes commands and options.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    // Written as it is: a script is no text for people, and must not be wrapped.
    .action((shell: Shell) => void process.stdout.write(`${SCRIPTS[shell]}\n`));
  addNotes(
    command,
    `
A shell completes the command zoom-tokens, and not npx zoom-tokens. npm link in a checkout, or npm install --global, makes it a command.`,
  );
  addExamples(command, [
    ['eval "$(zoom-tokens completion bash)"', 'in ~/.bashrc'],
    ['eval "$(zoom-tokens completion zsh)"', 'in ~/.zshrc, after compinit'],
    ['zoom-tokens completion fish | source', 'in ~/.config/fish/config.fish'],
  ]);
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => {
      for (const { word, description } of candidatesFor(program, words)) {
        process.stdout.write(description === '' ? `${word}\n` : `${word}\t${description}\n`);
      }
    });
}
