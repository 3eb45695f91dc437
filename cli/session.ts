import type { Command } from 'commander';
import type { AwsOptions } from './aws/client-config.ts';
import { createOperator, type Operator } from './operator-client.ts';
import { createOutput, type Output } from './terminal/output.ts';

export const DEFAULT_NAME = 'zoom-token-refresher';

interface GlobalOptions extends AwsOptions {
  name?: string;
  json?: boolean;
}

/** What every command works with. */
export interface Session {
  /** Of the installation. */
  name: string;
  aws: AwsOptions;
  operator: Operator;
  output: Output;
}

/** From the options that every command takes. */
export function openSession(command: Command): Session {
  const { name = DEFAULT_NAME, json = false, ...aws } = command.optsWithGlobals<GlobalOptions>();
  return { name, aws, operator: createOperator(name, aws), output: createOutput(json) };
}

/** The options that every command takes. */
export function addGlobalOptions(program: Command): Command {
  return program
    .option('--name <name>', `name of the installation (default: ${DEFAULT_NAME})`)
    .option('--profile <profile>', 'AWS profile')
    .option('--region <region>', 'AWS Region')
    .option('--json', 'one JSON document on standard output, for scripts');
}
