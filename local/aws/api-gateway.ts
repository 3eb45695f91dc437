import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/**
 * Converts a request to the event that an HTTP API passes to a function, in payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export async function toEvent(request: IncomingMessage, routes: string[]): Promise<APIGatewayProxyEventV2> {
  const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const { cookie, ...headers } = request.headersDistinct;
  const body = await text(request);
  const method = request.method ?? 'GET';
  const routeKey = routes.find((key) => isRoute(key, `${method} ${pathname}`)) ?? '$default';
  const now = new Date();
  return {
    version: '2.0',
    routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie && { cookies: cookie.flatMap((header) => header.split('; ')) }),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [name, (values ?? []).join(',')]),
    ),
    ...(search !== '' && { queryStringParameters: joined(searchParams) }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: request.headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method,
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: logTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body !== '' && { body }),
    isBase64Encoded: false,
  };
}

/** Returns whether the request matches the route key. A path parameter, such as `{app}`, matches one segment. */
const isRoute = (key: string, request: string) =>
  new RegExp(`^${key.replace(/{\w+}/g, '[^/]+')}$`).test(request);

/** Sends a function's result as the response. Each cookie becomes a header. */
export function sendResult(response: ServerResponse, result: APIGatewayProxyStructuredResultV2): void {
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value));
  if (result.cookies?.length) response.setHeader('set-cookie', result.cookies);
  response.statusCode = result.statusCode ?? 200;
  response.end(result.body);
}

/** Formats the time as access logs do: `12/Mar/2020:19:03:58 +0000`. */
function logTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/** Joins the values of a repeated parameter with commas, as API Gateway does. */
function joined(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name).join(',')]));
}
