import { registerHooks } from 'node:module';
import { connect, type Socket } from 'node:net';

/**
 * Replaces the native part of `aws-lambda-ric`, which sends its requests to the Runtime API and would have to be
 * compiled. The rest of the package is unmodified. It uses a plain socket because the native part does not load Node's
 * HTTP client either. It has to be loaded before the package.
 */
const [host = '', port = ''] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const RUNTIME = '/2018-06-01/runtime/invocation';
let socket: Socket | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Sends one request after the other, as the native part does. */
function send(method: string, path: string, body = ''): Promise<{ bodyJson: string; headers: object }> {
  const response = last.then(() => request(method, path, body));
  last = response.catch(() => {});
  return response;
}

function request(method: string, path: string, body: string): Promise<{ bodyJson: string; headers: object }> {
  socket ??= connect(Number(port), host);
  const connection = socket;
  const { user, system } = process.cpuUsage();
  connection.write(
    `${method} ${RUNTIME}${path} HTTP/1.1\r\nHost: ${host}\r\nX-Cpu-Microseconds: ${user + system}\r\n` +
      `X-Rss: ${process.memoryUsage.rss()}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const headers = Object.fromEntries(
        text
          .slice(0, end)
          .split('\r\n')
          .slice(1)
          .map((line) =>
            line.split(/: ?/, 2).map((part, index) => (index === 0 ? part.toLowerCase() : part)),
          ),
      );
      if (text.length < end + 4 + Number(headers['content-length'])) return;
      connection.off('data', onData).off('error', reject);
      resolve({ bodyJson: Buffer.from(text.slice(end + 4), 'latin1').toString('utf8'), headers });
    };
    connection.on('data', onData).once('error', reject);
  });
}

Object.assign(globalThis, {
  rapidClient: {
    next: () => send('GET', '/next'),
    done: (id: string, body: string) => void send('POST', `/${id}/response`, body),
    error: (id: string, body: string) => void send('POST', `/${id}/error`, body),
  },
});

const NATIVE = 'file:///rapid-client.cjs';
const hooks = registerHooks({
  resolve: (specifier, context, next) =>
    specifier === './rapid-client.node'
      ? { url: NATIVE, format: 'commonjs', shortCircuit: true }
      : next(specifier, context),
  load(url, context, next) {
    if (url !== NATIVE) return next(url, context);
    hooks.deregister();
    return { format: 'commonjs', source: 'module.exports = globalThis.rapidClient;', shortCircuit: true };
  },
});
