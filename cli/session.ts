import type { Command } from 'commander';
import { DEFAULT_NAME } from '../lambdas/contract.ts';
import type { AwsOptions } from './aws/client-config.ts';
import { installationName } from './installation-name.ts';
import type { OperatorClient } from './operator-client.ts';
import { filled } from './terminal/filled.ts';
import { createHints } from './terminal/hints.ts';
import { createOutput, type Output } from './terminal/output.ts';
import { sanitizeValue } from './terminal/sanitize.ts';

interface GlobalOptions extends AwsOptions {
  name?: string;
  json?: boolean;
}

/** The parts that every command works with. */
export interface Session {
  /** Name of the installation. */
  name: string;
  aws: AwsOptions;
  operator: OperatorClient;
  output: Output;
  /** Returns the Region that the AWS SDK resolves, or `undefined` when none is set. */
  region(): Promise<string | undefined>;
}

/** Returns the session for the global options that were passed. */
export function openSession(command: Command): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { name = DEFAULT_NAME, json = false, ...aws } = options;
  const operator = lateOperatorClient(name, aws);
  return {
    name,
    aws,
    operator: json ? operator : sanitized(operator),
    output: createOutput(json, createHints(options)),
    region: async () => (await import('./aws/region.ts')).resolveRegion(aws),
  };
}

/** Loads the AWS SDK with the first request: it is half of a start, and help and wrong usage do without it. */
function lateOperatorClient(name: string, aws: AwsOptions): OperatorClient {
  let client: Promise<OperatorClient> | undefined;
  return {
    async request(action, parameters) {
      client ??= import('./operator-client.ts').then((module) => module.createOperatorClient(name, aws));
      return (await client).request(action, parameters);
    },
  };
}

/** Names, scopes and errors of Zoom and n8n go to a terminal. With `--json` they stay as they are: JSON escapes them. */
const sanitized = (operator: OperatorClient): OperatorClient => ({
  request: async (action, parameters) => sanitizeValue(await operator.request(action, parameters)),
});

/** Adds the options that every command takes. */
export function addGlobalOptions(program: Command): Command {
  return program
    .option('--name <name>', `name of the installation (default: ${DEFAULT_NAME})`, installationName)
    .option('--profile <profile>', 'AWS profile', filled)
    .option('--region <region>', 'AWS Region', filled)
    .option('--json', 'print one JSON document on standard output, for scripts');
}
