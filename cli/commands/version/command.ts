import type { Command } from 'commander';
import { createOutput } from '../../terminal/output.ts';

export function addVersion(program: Command): void {
  program
    .command('version')
    .description('Print the version of this command line.')
    .action((_: object, command: Command) => {
      const version = program.version() ?? '';
      const output = createOutput(command.optsWithGlobals<{ json?: boolean }>().json ?? false);
      output.printJson({ version });
      output.print(version);
    });
}
