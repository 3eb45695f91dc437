import type { Server } from 'node:net';
import { Readable } from 'node:stream';

interface Question {
  method: string;
  /** Path and query. */
  url: string;
  /** By names in lower case. */
  headers: Record<string, string>;
  body: string | Uint8Array | Readable | undefined;
}

interface Answer {
  status: number;
  /** By names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

/** Lets a server of `node:http` respond to one request, without a socket. The server writes its body at once. */
export function ask(server: Server, { method, url, headers, body }: Question): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const chunks = body === undefined || body === '' ? [] : [Buffer.from(body as string)];
  const source = body instanceof Readable ? body : Readable.from(chunks);
  const request = Object.assign(source, { method, url, headers });
  const response = new Response(resolve);
  server.emit('request', request, response);
  return promise;
}

/** The part of Node's response that our servers use. */
class Response {
  statusCode = 200;
  readonly #headers: Record<string, string> = {};
  readonly #end: (answer: Answer) => void;

  constructor(end: (answer: Answer) => void) {
    this.#end = end;
  }

  setHeader(name: string, value: unknown): void {
    this.#headers[name.toLowerCase()] = String(value);
  }

  writeHead(status: number, headers: Record<string, unknown> = {}): this {
    this.statusCode = status;
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
    return this;
  }

  end(body: string | Uint8Array = ''): void {
    this.#end({ status: this.statusCode, headers: this.#headers, body: Buffer.from(body as string) });
  }
}
