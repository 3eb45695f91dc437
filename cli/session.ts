import type { Command } from 'commander';
import { DEFAULT_NAME } from '../lambdas/contract.ts';
import type { AwsOptions } from './aws/client-config.ts';
import { createOperatorClient, type OperatorClient } from './operator-client.ts';
import { createOutput, type Output } from './terminal/output.ts';

interface GlobalOptions extends AwsOptions {
  name?: string;
  json?: boolean;
}

/** What every command works with. */
export interface Session {
  /** Name of the installation. */
  name: string;
  aws: AwsOptions;
  operator: OperatorClient;
  output: Output;
}

/** Returns the session for the global options that were passed. */
export function openSession(command: Command): Session {
  const { name = DEFAULT_NAME, json = false, ...aws } = command.optsWithGlobals<GlobalOptions>();
  return { name, aws, operator: createOperatorClient(name, aws), output: createOutput(json) };
}

/** Adds the options that every command takes. */
export function addGlobalOptions(program: Command): Command {
  return program
    .option('--name <name>', `name of the installation (default: ${DEFAULT_NAME})`)
    .option('--profile <profile>', 'AWS profile')
    .option('--region <region>', 'AWS Region')
    .option('--json', 'print one JSON document on standard output, for scripts');
}
