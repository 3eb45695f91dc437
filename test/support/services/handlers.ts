import './output.ts';
import { setTimeout } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { createHandler as createCallback } from '../../../lambdas/callback.ts';
import { withStarter } from '../../../lambdas/callback-routes.ts';
import { ROUTES } from '../../../lambdas/contract.ts';
import { lazily } from '../../../lambdas/lazily.ts';
import type { LinkPageRuntime } from '../../../lambdas/link-page-runtime.ts';
import { createHandler as createOperator } from '../../../lambdas/operator.ts';
import type { OperatorResponse } from '../../../lambdas/operator-protocol.ts';
import { createHandler as createRotate, withAlerts } from '../../../lambdas/rotate.ts';
import { type CallbackRuntime, createRuntime, type Runtime } from '../../../lambdas/runtime.ts';
import { callbackVariables } from '../../../local/functions.ts';
import { createCookieJar } from '../../../local/zoom/cookies.ts';
import { users } from '../../../local/zoom/users.ts';
import type { Services } from './services.ts';
import type { Watch } from './watch.ts';

const context: Context = {
  functionName: 'zoom-token-refresher-test',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:zoom-token-refresher-test',
  memoryLimitInMB: '512',
  awsRequestId: '7c0b2d1a-0000-4000-8000-000000000000',
  logGroupName: '/aws/lambda/zoom-token-refresher-test',
  logStreamName: 'test',
  callbackWaitsForEmptyEventLoop: false,
  getRemainingTimeInMillis: () => 60_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};

/** Creates the event of an HTTP API, payload format 2.0. A repeated parameter is joined by commas. */
function httpEvent(
  url: string,
  { cookies, method = 'GET', headers = {}, body, isBase64Encoded = false }: RequestOptions = {},
): APIGatewayProxyEventV2 {
  const { pathname, search, searchParams, host } = new URL(url);
  const names = [...new Set(searchParams.keys())];
  const routeKey = `${method} ${pathname}`;
  return {
    version: '2.0',
    routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookies && { cookies }),
    headers: { host, accept: 'text/html', ...(routeKey === PRESSED && FROM_PAGE), ...headers },
    ...(names.length > 0 && {
      queryStringParameters: Object.fromEntries(
        names.map((name) => [name, searchParams.getAll(name).join(',')]),
      ),
    }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'test',
      domainName: host,
      domainPrefix: 'test',
      http: { method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'test',
      routeKey,
      stage: '$default',
      time: '01/Jan/2030:00:00:00 +0000',
      timeEpoch: 0,
    },
    ...(body !== undefined && { body }),
    isBase64Encoded,
  };
}

/** The request that the button of a link's page sends, and the headers that a browser adds. */
const PRESSED = `POST ${ROUTES.link}`;
const FROM_PAGE = { origin: 'null', 'sec-fetch-site': 'same-origin' };

export interface RequestOptions {
  cookies?: string[];
  method?: string;
  /** Names in lower case, as API Gateway sends them. */
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
}

/** A response as a browser sees it. */
export interface BrowserResponse {
  status: number;
  headers: Record<string, string>;
  /** As `Set-Cookie` lines. */
  cookies: string[];
  body: string;
}

/** Creates the three functions with one runtime, to be called as Lambda calls them. */
export function createFunctions(
  services: Pick<Services, 'environment' | 'clock' | 'watch' | 'started'>,
  variables: NodeJS.ProcessEnv = {},
) {
  const { environment, clock } = services;
  const overrides = { now: clock.now, wait };
  const runtime = createRuntime({ ...environment, ...variables }, overrides);
  const callback = createRuntime(callbackVariables({ ...environment, ...variables }), overrides);
  return {
    runtime,
    ...functionsWith(
      () => runtime,
      services,
      () => callback,
    ),
  };
}

/** A pause takes a hundredth of its time. What is waited for beside other work ends first, however busy the machine is. */
const wait = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  signal ? new Promise(() => {}) : setTimeout(milliseconds / 100, undefined);

/**
 * @param loadCallback the callback function's runtime, where that is another one
 * @param loadPage what the link's page needs, where that is not the whole runtime
 */
export function functionsWith(
  load: () => Runtime,
  { watch, started }: { watch: Watch; started: unknown[] },
  loadCallback: () => CallbackRuntime = load,
  loadPage: () => LinkPageRuntime = loadCallback,
) {
  const callback = createCallback(
    lazily(() => withStarter(loadCallback())),
    lazily(loadPage),
  );
  const operator = createOperator(load);
  const rotate = createRotate(lazily(() => withAlerts(load())));

  const visit = async (url: string, options?: RequestOptions): Promise<BrowserResponse> => {
    for (const [name, value] of new URL(url).searchParams) {
      if (value.length >= 16) watch.note(`the ${name} of an address`, value);
    }
    const result: APIGatewayProxyStructuredResultV2 = await callback(httpEvent(url, options), context);
    for (const cookie of result.cookies ?? []) {
      const [, value = ''] = /=([^;]*)/.exec(cookie) ?? [];
      if (value) watch.note('a cookie', value);
    }
    const headers = Object.entries(result.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      `${value}`,
    ]);
    return {
      status: result.statusCode ?? 200,
      headers: Object.fromEntries(headers),
      cookies: result.cookies ?? [],
      body: result.body ?? '',
    };
  };
  const operate = (request: unknown): Promise<OperatorResponse> => operator(request, context);

  /** Returns the result of a request. Throws when the function refuses it. */
  const granted = async <T extends object>(request: object): Promise<T> => {
    const response = await operate(request);
    if (!response.ok) throw new Error(`${response.error.code}: ${response.error.message}`);
    return response.result as T;
  };

  /** Presses the button of a link's page. Returns the cookies and where the browser is sent. */
  const follow = async (link: string): Promise<Begun> => {
    const response = await visit(link, { method: 'POST' });
    const location = response.headers.location ?? '';
    const cookies = response.cookies.map((line) => line.slice(0, line.indexOf(';')));
    return { link, response, location, cookies };
  };
  /** Makes a link for its maker, whose last page says what to paste into n8n. */
  const begin = async (connection: string): Promise<Begun> => {
    const { link } = await granted<{ link: string }>({ action: 'link', connection, forMe: true });
    return follow(link);
  };

  /** Follows the link and consents at Zoom. Also returns where Zoom sends the browser then. */
  const consentAfter = async (link: string, decision?: Consent) => {
    const begun = await follow(link);
    return { ...begun, returned: await consentAtZoom(begun.location, decision) };
  };
  const consent = async (connection: string, decision?: Consent) => {
    const { link } = await granted<{ link: string }>({ action: 'link', connection, forMe: true });
    return consentAfter(link, decision);
  };

  /** Makes a user's whole consent: link, Zoom, callback. */
  const connect = async (connection: string, decision?: Consent) => {
    const consented = await consent(connection, decision);
    return { ...consented, page: await visit(consented.returned, { cookies: consented.cookies }) };
  };

  /** Invokes the rotate function with each event with which it was started, in order, and forgets them. */
  const runStarted = async () => {
    for (const event of started.splice(0)) await rotate(event, context);
  };

  return {
    ...{ visit, operate, granted, follow, begin, consent, consentAfter, connect, runStarted },
    sweep: () => rotate({}, context),
  };
}

export type Functions = ReturnType<typeof functionsWith>;

export interface Begun {
  link: string;
  response: BrowserResponse;
  /** Zoom's authorize endpoint with the parameters of the request. */
  location: string;
  /** `name=value`, as the browser sends them. */
  cookies: string[];
}

export interface Consent {
  /** Default: the first user that Zoom's page offers. */
  user?: string | undefined;
  decline?: boolean;
}

/** Submits Zoom's consent page as a browser does. Returns where Zoom sends the browser then, without going there. */
async function consentAtZoom(
  location: string,
  { user = users[0]?.display_name, decline = false }: Consent = {},
): Promise<string> {
  const cookies = createCookieJar();
  const { origin } = new URL(location);
  const id = users.find(({ display_name }) => display_name === user)?.id ?? '';
  let form: URLSearchParams | undefined;
  for (let url = new URL(location); ; ) {
    if (url.origin !== origin) return url.href;
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      headers: { cookie: cookies.header(url) },
      redirect: 'manual',
      ...(form && { body: form }),
    });
    cookies.keep(url, response.headers);
    await response.body?.cancel();
    const next = response.headers.get('location');
    if (next === null && form) throw new Error(`Zoom's consent page responds with ${response.status}`);
    form =
      next === null ? new URLSearchParams({ user: id, decision: decline ? 'decline' : 'allow' }) : undefined;
    url = new URL(next ?? url, url);
  }
}
