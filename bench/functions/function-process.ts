import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { listenOnLoopback } from '../../local/loopback-server.ts';
import { cpuShareOf, limitCpu } from './cpu-share.ts';

/** Resources that the function's process had used when it asked for its next event, or sent a response. */
interface Usage {
  /** Milliseconds since the process was started. */
  at: number;
  /** CPU milliseconds of all threads. */
  cpu: number;
  /** Resident set size, bytes. */
  memory: number;
}

export interface FunctionProcess {
  /** Whether the share of a core is enforced. */
  isCpuLimited: boolean;
  /** Resolves when the function is loaded. */
  loaded: Promise<Usage>;
  /**
   * @param timeoutSeconds the time that the function sees as its timeout
   * @throws {Error} with the error of the function and its log
   */
  invoke(event: unknown, timeoutSeconds?: number): Promise<Usage & { result: unknown }>;
  stop(): Promise<void>;
}

export interface FunctionCode {
  /** Folder of the bundle. */
  folder: string;
  environment: Record<string, string>;
  /** MB, which decides the share of a core. Left out, 512 MB with a whole machine. */
  megabytes?: number | undefined;
}

const RUNTIME_INTERFACE_CLIENT = fileURLToPath(import.meta.resolve('aws-lambda-ric'));

/**
 * Starts a new Node process that runs a bundle as Lambda does: its runtime interface client gets one event after the
 * other from this process, over the Runtime API.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 * @param nativeClient the bundled `native-client.ts`
 */
export async function startFunction(
  { folder, environment, megabytes }: FunctionCode,
  nativeClient: string,
): Promise<FunctionProcess> {
  const loaded = Promise.withResolvers<Usage>();
  let waiting = Promise.withResolvers<ServerResponse>();
  const pending = new Map<string, PromiseWithResolvers<Usage & { result: unknown }>>();
  let log = '';

  const api = createServer(async (request, response) => {
    const usage = usageOf(request);
    if (request.url?.endsWith('/next')) {
      loaded.resolve(usage);
      waiting.resolve(response);
      return;
    }
    const body = await text(request);
    response.writeHead(202, { 'Content-Length': 0 }).end();
    const [, id = '', kind] = /\/([^/]+)\/(response|error)$/.exec(request.url ?? '') ?? [];
    const failed = new Error(`The function failed: ${body}\n${log}`);
    if (kind === 'response') pending.get(id)?.resolve({ ...usage, result: JSON.parse(body) });
    else (pending.get(id) ?? loaded).reject(failed);
  });
  // The function's connection is idle while the function works.
  api.keepAliveTimeout = 0;
  const { port, close } = await listenOnLoopback(api);

  const startedAt = performance.now();
  const usageOf = ({ headers }: IncomingMessage): Usage => ({
    at: performance.now() - startedAt,
    cpu: Number(headers['x-cpu-microseconds']) / 1000,
    memory: Number(headers['x-rss']),
  });
  const child = spawn(process.execPath, ['--require', nativeClient, RUNTIME_INTERFACE_CLIENT], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: folder,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'bench',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(megabytes ?? 512),
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/bench',
      AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
    },
  });
  const unlimit =
    megabytes !== undefined && child.pid ? limitCpu(child.pid, cpuShareOf(megabytes)) : undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk).slice(-4000);
    });
  }
  child.once('exit', (code) => {
    const gone = new Error(`The function's process exited with ${code}.\n${log}`);
    for (const promise of [loaded, ...pending.values()]) promise.reject(gone);
  });
  // A failure reaches the callers of `loaded` and `invoke`. Without a caller it must not be an unhandled rejection.
  loaded.promise.catch(() => {});

  return {
    isCpuLimited: unlimit !== undefined,
    loaded: loaded.promise,
    async invoke(event, timeoutSeconds = 60) {
      await loaded.promise;
      const response = await waiting.promise;
      waiting = Promise.withResolvers();
      const id = randomUUID();
      const result = Promise.withResolvers<Usage & { result: unknown }>();
      pending.set(id, result);
      const body = JSON.stringify(event);
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'Lambda-Runtime-Aws-Request-Id': id,
        'Lambda-Runtime-Deadline-Ms': Date.now() + timeoutSeconds * 1000,
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:000000000000:function:bench',
      });
      response.end(body);
      try {
        return await result.promise;
      } finally {
        pending.delete(id);
      }
    },
    async stop() {
      await kill(child);
      unlimit?.();
      await close();
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
