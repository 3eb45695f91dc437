import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { afterAll } from '@jest/globals';

const CHANNEL = 'http.client.request.start';
const requests: string[] = [];

/**
 * Records every HTTP request that this process sends with Node's client: the AWS SDK's, and the functions' own to Zoom.
 * https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#http
 */
subscribe(CHANNEL, record);
// The channels belong to the process, which runs other test files too.
afterAll(() => void unsubscribe(CHANNEL, record));

function record(message: unknown): void {
  const { request } = message as { request: ClientRequest };
  requests.push(nameOf(request));
}

function nameOf(request: ClientRequest): string {
  const target = request.getHeader('x-amz-target');
  if (target !== undefined)
    return String(target)
      .replace(/^DynamoDB_\w+/, 'DynamoDB')
      .replace('secretsmanager', 'SecretsManager');
  if (!request.hasHeader('amz-sdk-request')) return `Zoom ${request.method} ${request.path}`;
  return request.method === 'POST' ? 'SNS.Publish' : `S3 ${request.method}`;
}

/** Returns the requests since the last call: `DynamoDB.Query`, `Zoom POST /oauth/token`, … */
export function takeRequests(): string[] {
  return requests.splice(0);
}

/** Returns how often each name occurs. */
export function tally(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
