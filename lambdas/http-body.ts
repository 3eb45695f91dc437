import { RESPONSE_TOO_LARGE } from './tokens/apis/http.ts';

/** The largest body that is read, compressed or not. Zoom's and n8n's responses have a few kilobytes. */
export const MOST_BYTES = 1_000_000;

/** As many as the global `fetch` accepts: each may take as long as the largest body does. */
const MOST_CODINGS = 5;

/** Thrown for a body of more than `MOST_BYTES`. */
export class TooLarge extends Error {
  readonly code = RESPONSE_TOO_LARGE;
}

/**
 * Returns a body's text as Node's `Response.text()` does: UTF-8 whatever the charset label says, without a byte order
 * mark or two, U+FFFD for what is no UTF-8 (https://fetch.spec.whatwg.org/#dom-body-text).
 * @param contentEncoding the header's lines
 * @throws {TooLarge}
 * @throws an error with zlib's code for what is not encoded as it says, or ends early
 */
export async function decodeBody(body: Buffer, contentEncoding: string[] = []): Promise<string> {
  const text = new TextDecoder().decode(await decompress(body, contentEncoding.join(',')));
  // The decoder drops the first mark. Node's `fetch` drops a second one, so what it reads is read here too.
  return text.replace(/^\uFEFF/, '');
}

async function decompress(body: Buffer, contentEncoding: string): Promise<Buffer> {
  if (contentEncoding === '' || body.length === 0) return body;
  // Seldom needed, so a cold start does not load it.
  const zlib = await import('node:zlib');
  const decoders: Record<string, (bytes: Buffer) => Buffer> = {
    gzip: (bytes) => zlib.gunzipSync(bytes, LIMIT),
    br: (bytes) => zlib.brotliDecompressSync(bytes, LIMIT),
    zstd: (bytes) => zlib.zstdDecompressSync(bytes, LIMIT),
    // Some servers leave out the zlib header, which RFC 9110 section 8.4.1.2 demands.
    deflate: (bytes) =>
      hasZlibHeader(bytes) ? zlib.inflateSync(bytes, LIMIT) : zlib.inflateRawSync(bytes, LIMIT),
  };
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim().replace(/^x-gzip$/, 'gzip'));
  if (codings.length > MOST_CODINGS) throw Object.assign(new Error(), { code: 'TOO_MANY_CODINGS' });
  // Like `fetch`: where one coding is unknown, `identity` included, the body is returned as received.
  if (!codings.every((coding) => Object.hasOwn(decoders, coding))) return body;
  try {
    // The last coding was applied last.
    return codings.reduceRight((bytes, coding) => decoders[coding]?.(bytes) ?? bytes, body);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new TooLarge() : error;
  }
}

/** Ends the decoding with `ERR_BUFFER_TOO_LARGE` as soon as a body inflates to more. */
const LIMIT = { maxOutputLength: MOST_BYTES };

/** RFC 1950: the low half of the first byte is the method, 8. */
const hasZlibHeader = ([first = 0]: Buffer): boolean => (first & 0x0f) === 8;
