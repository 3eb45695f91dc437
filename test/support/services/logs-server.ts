import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { AUDIT_LOG_STREAM } from '../../../lambdas/contract.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The limits of an event's age. An event from further ahead is discarded too. */
const MOST_MS = { old: 14 * DAY_MS, ahead: 2 * 60 * 60 * 1000 };

/** How a call fails: an error of the service; a response that is lost after the event was stored; no response at all. */
type Failure = { status: number; code: string; message?: string } | 'response lost' | 'hangs up';

interface Put {
  logGroupName: string;
  logStreamName: string;
  logEvents: { timestamp: number; message: string }[];
}

/**
 * Starts CloudWatch Logs on loopback with PutLogEvents to one stream, and DeleteLogGroup. As the service does, it discards an
 * event that is too old or too far ahead with status 200.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 * @param now epoch seconds
 */
export async function startLogs(logGroupName: string, now: () => number) {
  /** The stored events, parsed. */
  const lines: Record<string, unknown>[] = [];
  const deleted: string[] = [];
  const failures: Failure[] = [];
  const put = ({ logEvents, ...names }: Put): [status: number, body: object] => {
    if (names.logGroupName !== logGroupName || names.logStreamName !== AUDIT_LOG_STREAM) {
      return refusal(400, 'ResourceNotFoundException');
    }
    const isTooOld = logEvents.some(({ timestamp }) => timestamp < now() * 1000 - MOST_MS.old);
    const isTooNew = logEvents.some(({ timestamp }) => timestamp > now() * 1000 + MOST_MS.ahead);
    if (isTooOld) return [200, { rejectedLogEventsInfo: { tooOldLogEventEndIndex: logEvents.length } }];
    if (isTooNew) return [200, { rejectedLogEventsInfo: { tooNewLogEventStartIndex: 0 } }];
    lines.push(...logEvents.map(({ message }) => JSON.parse(message)));
    return [200, {}];
  };
  const perform = (operation: string, request: Put): [status: number, body: object] => {
    if (operation === 'PutLogEvents') return put(request);
    if (operation !== 'DeleteLogGroup') return refusal(400, 'UnknownOperationException');
    if (request.logGroupName !== logGroupName || deleted.includes(logGroupName)) {
      return refusal(400, 'ResourceNotFoundException');
    }
    deleted.push(logGroupName);
    return [200, {}];
  };
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    const operation = `${request.headers['x-amz-target']}`.replace('Logs_20140328.', '');
    const failure = failures.shift();
    if (failure === 'hangs up') return request.socket.destroy();
    if (typeof failure === 'object') {
      return respond(response, ...refusal(failure.status, failure.code, failure.message));
    }
    const result = perform(operation, body);
    if (failure === 'response lost') return request.socket.destroy();
    respond(response, ...result);
  });
  const { url, close } = await listenOnLoopback(server);
  process.env.AWS_ENDPOINT_URL_CLOUDWATCH_LOGS = url;
  return {
    server,
    url,
    lines,
    deleted,
    /** The next calls fail in these ways, one after another. */
    failNext: (...next: Failure[]) => failures.push(...next),
    close,
  };
}

const refusal = (status: number, code: string, message = 'refused'): [number, object] => [
  status,
  { __type: code, message },
];

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}
