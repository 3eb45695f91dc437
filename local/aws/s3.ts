import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { hasLoopbackHost } from '../loopback-host.ts';
import { listenOnLoopback } from '../loopback-server.ts';

/** A request that S3 refuses; also the ones that `failing` may return. */
const S3_ERRORS = {
  BucketNotEmpty: { status: 409, message: 'The bucket you tried to delete is not empty' },
  AccessDenied: { status: 403, message: 'Access Denied' },
  'KMS.DisabledException': { status: 400, message: 'The key is disabled.' },
  InternalError: { status: 500, message: 'We encountered an internal error. Please try again.' },
  NoSuchBucket: { status: 404, message: 'The specified bucket does not exist' },
  NoSuchKey: { status: 404, message: 'The specified key does not exist.' },
  NotImplemented: {
    status: 501,
    message: 'A header or query you provided implies functionality not implemented',
  },
  SlowDown: { status: 503, message: 'Please reduce your request rate.' },
} as const;
export type S3Error = keyof typeof S3_ERRORS;

interface S3Options {
  port?: number;
  bucket: string;
  /** The objects that are there from the start. Default: none. */
  from?: ReadonlyMap<string, Buffer> | undefined;
  /** Returns the error with which a request is refused; none unless given. `key` is the object's. */
  failing?: (operation: 'PutObject' | 'GetObject' | 'DeleteObject', key: string) => S3Error | undefined;
}

/**
 * Starts an S3 that has one bucket, addressed by path, and the operations PutObject, GetObject, DeleteObject, ListObjectsV2
 * (with a prefix, by name from a name on, as many as the caller wants) and DeleteBucket.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * As of a caller with `s3:ListBucket`, a missing object is `NoSuchKey`; a deletion of one succeeds.
 * Listens on loopback only. Signatures are not checked.
 * @param options `port` 0 takes any free one
 */
export async function startS3({ port = 0, bucket, from, failing = () => undefined }: S3Options) {
  const objects = new Map<string, Buffer>(from);
  let isDeleted = false;
  const server = createServer(async (request, response) => {
    const { bucket: named, key } = targetOf(request);
    const operation = OPERATIONS[request.method ?? ''];
    const body = await bodyOf(request);
    if (!hasLoopbackHost(request) || !operation) return refuse(response, 'NotImplemented');
    if (key === '') {
      if (named !== bucket || isDeleted) return refuse(response, 'NoSuchBucket');
      isDeleted = operation === 'DeleteObject' && objects.size === 0;
      respondForBucket(request, response, objects);
      return;
    }
    const failure = named === bucket && !isDeleted ? failing(operation, key) : 'NoSuchBucket';
    if (failure) return refuse(response, failure);
    if (operation === 'PutObject') {
      objects.set(key, body);
      return reply(response, 200, { etag: etagOf(body) });
    }
    if (operation === 'DeleteObject') {
      objects.delete(key);
      return reply(response, 204);
    }
    const object = objects.get(key);
    if (!object) return refuse(response, 'NoSuchKey');
    return reply(response, 200, { etag: etagOf(object), 'content-type': 'application/json' }, object);
  });
  const listening = await listenOnLoopback(server, port);
  /** The objects' bodies by their keys. */
  return { ...listening, objects: objects as ReadonlyMap<string, Buffer> };
}

const OPERATIONS: Record<string, 'PutObject' | 'GetObject' | 'DeleteObject'> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  DELETE: 'DeleteObject',
};

/** Lists the bucket's objects, or deletes the bucket where it has none. */
function respondForBucket(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  objects: ReadonlyMap<string, Buffer>,
): void {
  if (method === 'GET' && url.includes('list-type=2')) {
    const { searchParams } = new URL(url, 'http://s3');
    const behind = searchParams.get('start-after') ?? '';
    const most = Number(searchParams.get('max-keys') ?? 1000);
    const found = [...objects.keys()]
      .filter((key) => key.startsWith(searchParams.get('prefix') ?? '') && key > behind)
      .sort();
    const contents = found.slice(0, most).map((key) => `<Contents><Key>${key}</Key></Contents>`);
    const isCut = `<IsTruncated>${found.length > most}</IsTruncated>`;
    const list = `<ListBucketResult>${isCut}${contents.join('')}</ListBucketResult>`;
    reply(response, 200, { 'content-type': 'application/xml' }, list);
  } else if (method !== 'DELETE') refuse(response, 'NotImplemented');
  else if (objects.size > 0) refuse(response, 'BucketNotEmpty');
  else reply(response, 204);
}

function targetOf({ url = '' }: IncomingMessage): { bucket: string; key: string } {
  const { pathname } = new URL(url, 'http://s3');
  const [, bucket = '', ...key] = pathname.split('/');
  return { bucket, key: decodeURIComponent(key.join('/')) };
}

/** The request's body, without the frames of `aws-chunked`. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const sent = await buffer(request);
  if (!String(request.headers['content-encoding']).includes('aws-chunked')) return sent;
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = sent.indexOf('\r\n', at);
    const size = Number.parseInt(sent.subarray(at, end).toString(), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(sent.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

function reply(response: ServerResponse, status: number, headers = {}, body?: Buffer | string): void {
  response.writeHead(status, { 'x-amz-request-id': randomUUID(), ...headers }).end(body);
}

function refuse(response: ServerResponse, code: S3Error): void {
  const { status, message } = S3_ERRORS[code];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${randomUUID()}</RequestId><HostId>local</HostId></Error>`;
  reply(response, status, { 'content-type': 'application/xml' }, body);
}
