import type { Hostility } from './hostile-server.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const KILOBYTES = Buffer.alloc(65_536, 'x');
/** Stands for a token that a response held: no error may have it. */
export const SECRET = 'a-secret-of-zoom';
const BODY = `{"access_token":"${SECRET}"`;

interface Case extends Hostility {
  /** The code of the rejection. */
  code: string | RegExp;
}

/** Responses that never become whole. */
export const HOSTILITIES: Record<string, Case> = {
  'closes without a byte': { bytes: '', ending: 'closes', code: 'ECONNRESET' },
  'resets without a byte': { bytes: '', ending: 'resets', code: 'ECONNRESET' },
  'closes in the status line': { bytes: 'HTTP/1.1 20', ending: 'closes', code: /^(HPE_|ECONNRESET)/ },
  'closes in the headers': { bytes: `${OK}x-a: b`, ending: 'closes', code: /^(HPE_|ECONNRESET)/ },
  'closes in a body of known length': {
    bytes: `${OK}content-length: 100\r\n\r\n${BODY}`,
    ending: 'closes',
    code: 'ECONNRESET',
  },
  'closes in a chunk': { bytes: `${CHUNKED}64\r\n${BODY}`, ending: 'closes', code: 'ECONNRESET' },
  'closes after a chunk, before the last': {
    bytes: `${CHUNKED}5\r\nhello\r\n`,
    ending: 'closes',
    code: 'ECONNRESET',
  },
  'resets in a body': {
    bytes: `${OK}content-length: 100\r\n\r\n${BODY}`,
    ending: 'resets',
    code: 'ECONNRESET',
  },
  'sends a chunk of no size': { bytes: `${CHUNKED}zz\r\n${BODY}`, ending: 'hangs', code: /^HPE_/ },
  'speaks no HTTP': { bytes: `SSH-2.0-OpenSSH_9.6 ${SECRET}\r\n`, ending: 'hangs', code: /^HPE_/ },
  'sends random bytes': {
    bytes: Buffer.from([0, 1, 2, 255, 254, 253, 13, 10]),
    ending: 'hangs',
    code: /^HPE_/,
  },
  'speaks HTTP/2': {
    bytes: Buffer.from([0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3, 0]),
    ending: 'hangs',
    code: /^HPE_/,
  },
  'gives two lengths': {
    bytes: `${OK}content-length: 5\r\ncontent-length: 6\r\n\r\n${BODY}`,
    ending: 'hangs',
    code: /^HPE_/,
  },
  'gives a length that is no number': {
    bytes: `${OK}content-length: x\r\n\r\n${BODY}`,
    ending: 'hangs',
    code: /^HPE_/,
  },
  'gives a length and chunks': {
    bytes: `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ending: 'hangs',
    code: /^HPE_/,
  },
  'sends headers without end': {
    bytes: OK,
    ending: 'goes on',
    more: 'x-a: b\r\n'.repeat(1000),
    code: 'HPE_HEADER_OVERFLOW',
  },
  'sends one header without end': { bytes: `${OK}x-a: `, ending: 'goes on', more: KILOBYTES, code: /^HPE_/ },
  'switches protocols': {
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ending: 'hangs',
    code: 'ECONNRESET',
  },
  'continues and closes': { bytes: 'HTTP/1.1 100 Continue\r\n\r\n', ending: 'closes', code: 'ECONNRESET' },
  'sends a body without end': {
    bytes: `${OK}\r\n`,
    ending: 'goes on',
    more: KILOBYTES,
    code: 'RESPONSE_TOO_LARGE',
  },
  'sends chunks without end': {
    bytes: CHUNKED,
    ending: 'goes on',
    more: Buffer.concat([Buffer.from('10000\r\n'), KILOBYTES, Buffer.from('\r\n')]),
    code: 'RESPONSE_TOO_LARGE',
  },
  'sends 400 MB': {
    bytes: `${OK}content-length: 400000000\r\n\r\n`,
    ending: 'goes on',
    more: KILOBYTES,
    code: 'RESPONSE_TOO_LARGE',
  },
};

/** Responses that take longer than anybody waits. */
export const SLOW: Record<string, Hostility> = {
  'sends nothing': { bytes: '', ending: 'hangs' },
  'stops in the headers': { bytes: `${OK}x-a: `, ending: 'hangs' },
  'stops in the body': { bytes: `${OK}content-length: 100\r\n\r\n${BODY}`, ending: 'hangs' },
  'drips its headers': { bytes: OK, ending: 'drips', more: 'x' },
  'drips its body': { bytes: `${OK}content-length: 100000\r\n\r\n`, ending: 'drips', more: 'x' },
  'drips chunks': { bytes: CHUNKED, ending: 'drips', more: '1\r\nx\r\n' },
  'continues without end': { bytes: '', ending: 'drips', more: 'HTTP/1.1 100 Continue\r\n\r\n' },
  'processes without end': { bytes: '', ending: 'drips', more: 'HTTP/1.1 102 Processing\r\n\r\n' },
};

/** Responses that are odd, and whole. */
export const ODD: Record<string, Hostility & { status: number; text: string }> = {
  'early hints come first': {
    bytes: `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}content-length: 2\r\n\r\n{}`,
    ending: 'hangs',
    status: 200,
    text: '{}',
  },
  'the end of the connection ends the body': {
    bytes: `${OK}\r\n{}`,
    ending: 'closes',
    status: 200,
    text: '{}',
  },
  '204 has no body': { bytes: 'HTTP/1.1 204 No Content\r\n\r\n', ending: 'hangs', status: 204, text: '' },
  '304 has no body whatever its length says': {
    bytes: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
    ending: 'hangs',
    status: 304,
    text: '',
  },
  'a body follows 204 nevertheless': {
    bytes: 'HTTP/1.1 204 No Content\r\n\r\nthis is no HTTP',
    ending: 'hangs',
    status: 204,
    text: '',
  },
  'garbage follows the body': {
    bytes: `${OK}content-length: 2\r\n\r\n{}and more`,
    ending: 'closes',
    status: 200,
    text: '{}',
  },
  'a second response follows': {
    bytes: `${OK}content-length: 2\r\n\r\n{}${OK}content-length: 2\r\n\r\n[]`,
    ending: 'hangs',
    status: 200,
    text: '{}',
  },
  'the server closes a connection that it said to keep': {
    bytes: `${OK}connection: keep-alive\r\ncontent-length: 2\r\n\r\n{}`,
    ending: 'closes',
    status: 200,
    text: '{}',
  },
  'it is HTTP/1.0': { bytes: 'HTTP/1.0 200 OK\r\n\r\n{}', ending: 'closes', status: 200, text: '{}' },
  'chunks have extensions and trailers': {
    bytes: `${CHUNKED}1;a=b\r\n{\r\n1\r\n}\r\n0\r\nx-trailer: y\r\n\r\n`,
    ending: 'hangs',
    status: 200,
    text: '{}',
  },
};
