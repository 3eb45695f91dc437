#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { exitStatusOfError, Interrupted } from '../cli/errors.ts';
import { createProgram, NoCommandError, usageError } from '../cli/program.ts';
import { endOnClosedPipe } from '../cli/terminal/closed-pipe.ts';
import { createHints } from '../cli/terminal/hints.ts';
import { listenForInterruption } from '../cli/terminal/interruption.ts';
import { createOutput } from '../cli/terminal/output.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const args = process.argv.slice(2);
const json = args.includes('--json');

endOnClosedPipe();
listenForInterruption();
const program = createProgram(version);
try {
  await program.parseAsync(args, { from: 'user' });
} catch (thrown) {
  const error = thrown instanceof CommanderError ? usageError(thrown, program, args) : thrown;
  if (error !== undefined) {
    const isSilent = error instanceof Interrupted || (error instanceof NoCommandError && !json);
    if (!isSilent) createOutput(json, createHints(program.opts())).printFailure(error);
    process.exitCode = exitStatusOfError(error);
  }
}
