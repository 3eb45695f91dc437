import { setGlobalProxyFromEnv } from 'node:http';
import { HELP, readOptions, UsageError } from './options.ts';

async function main(args: string[]): Promise<number> {
  const options = readOptions(args, process.env);
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  // Loading the AWS SDK and all that the functions use takes longer than the help needs.
  const { runOnce, runUntilInterrupted } = await import('./run.ts');
  return options.once ? runOnce(options) : runUntilInterrupted(options);
}

/** Returns the environment with this machine's names in `NO_PROXY`. Node prefers the lower-case name. */
function withoutProxyOnLoopback(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const listed = environment.no_proxy ?? environment.NO_PROXY;
  const noProxy = [listed, 'localhost', '127.0.0.1'].filter(Boolean).join(',');
  return { ...environment, no_proxy: noProxy, NO_PROXY: noProxy };
}

/** Returns the message for an error, with what to change where the user can. */
function errorText(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\nSee: npm start -- --help`;
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  // Any port that is named here may be in use as well.
  const others = 'Take free ports: npm start -- --port 0';
  if (code === 'EADDRINUSE') return `Port ${port} is in use. ${others}`;
  if (code === 'EACCES') return `Port ${port} cannot be opened: the system reserves it. ${others}`;
  return message;
}

// The reader of stdout may exit first, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(
    `Standard output cannot be written (${error.code}). Free the disk, or write to another file.\n`,
  );
  process.exit(1);
});

// Node would request the local services from the proxy, too.
if (process.env.NODE_USE_ENV_PROXY || /--use-env-proxy\b/.test(process.env.NODE_OPTIONS ?? ''))
  setGlobalProxyFromEnv(withoutProxyOnLoopback(process.env));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
