#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { exitStatus, Interrupted } from '../cli/errors.ts';
import { createProgram, usageError } from '../cli/program.ts';
import { listenForInterruption } from '../cli/terminal/interruption.ts';
import { createOutput } from '../cli/terminal/output.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const args = process.argv.slice(2);

listenForInterruption();
try {
  await createProgram(version).parseAsync(args, { from: 'user' });
} catch (thrown) {
  const error = thrown instanceof CommanderError ? usageError(thrown) : thrown;
  if (error !== undefined) {
    if (!(error instanceof Interrupted)) createOutput(args.includes('--json')).failure(error);
    process.exitCode = exitStatus(error);
  }
}
