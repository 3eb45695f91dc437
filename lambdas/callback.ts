import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { createRotateStarter } from './aws/rotate-starter.ts';
import { ROUTES } from './contract.ts';
import { type CallbackRuntime, createRuntime, lazily } from './runtime.ts';
import { beginConsent, type LinkVisit, readLink } from './tokens/consent/begin-consent.ts';
import { ConsentOver } from './tokens/consent/consent-attempt.ts';
import { finishConsent } from './tokens/consent/finish-consent.ts';
import { FINISHED_SECONDS } from './tokens/consent/pending-consent.ts';
import { Failure } from './tokens/errors.ts';
import type { Asker } from './tokens/operate/installation.ts';
import { connectedPage } from './web/connected-page.ts';
import { readCookie, setCookie } from './web/consent-cookie.ts';
import { errorPage } from './web/error-page.ts';
import { linkPage } from './web/link-page.ts';
import {
  deadlineOf,
  failurePage,
  logFailure,
  OWN_DEADLINE,
  pageHeaders,
  withLogContext,
} from './web/middleware.ts';
import { refuseOversized } from './web/oversized.ts';
import { isPrefetch, noContent } from './web/prefetch.ts';
import { repeatedPage } from './web/repeated-page.ts';
import { eventsHandler } from './web/zoom-events.ts';

type Result = Promise<APIGatewayProxyStructuredResultV2>;

/**
 * Creates the handler of the HTTP API. `GET /connect` shows what a link connects, `POST /connect` redirects to Zoom,
 * `GET /callback` receives Zoom's authorization response, and `POST /zoom/events` receives Zoom's webhooks.
 */
export function createHandler(load: () => CallbackRuntime) {
  const showLink = async (event: APIGatewayProxyEventV2): Result => {
    const runtime = load();
    const link = await readLink(visitOf(event, runtime), runtime);
    if ('repeated' in link) return repeatedPage(link, runtime.asker);
    const { asker, zoom } = runtime;
    return linkPage(link, { asker, zoomOrigin: zoom.server.issuer, now: runtime.now() });
  };

  const redirectToZoom = async (event: APIGatewayProxyEventV2): Result => {
    const runtime = load();
    const begun = await beginConsent(visitOf(event, runtime), runtime);
    if ('repeated' in begun) return repeatedPage(begun, runtime.asker);
    return {
      statusCode: 303,
      headers: { Location: begun.location, 'Cache-Control': 'no-store' },
      cookies: [setCookie(runtime.publicUrl, begun.cookie, begun.seconds)],
    };
  };

  const receiveAuthorization = async (event: APIGatewayProxyEventV2, context: Context): Result => {
    if (isPrefetch(event)) return noContent();
    const runtime = load();
    const parameters = new URLSearchParams(event.rawQueryString);
    const options = { deadline: deadlineOf(context, runtime.now()) };
    try {
      const result = await finishConsent({ parameters, cookie: cookieOf(event, runtime) }, runtime, options);
      if ('repeated' in result) return repeatedPage(result, runtime.asker);
      const cookie = setCookie(runtime.publicUrl, result.finishedCookie, FINISHED_SECONDS);
      return { ...connectedPage(result, { asker: runtime.asker, now: runtime.now() }), cookies: [cookie] };
    } catch (error) {
      if (!isCookieUseless(error)) throw error;
      logFailure(error);
      return { ...errorPage(error, runtime.asker), cookies: [setCookie(runtime.publicUrl, '', 0)] };
    }
  };

  /** A function that cannot load its settings still shows a page. */
  const askerOf = (): Asker => {
    try {
      return load().asker;
    } catch {
      return {};
    }
  };

  const receiveEvent = eventsHandler(load);

  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(OWN_DEADLINE)
    .use(withLogContext())
    .use(pageHeaders())
    .use(failurePage(askerOf))
    .use(refuseOversized())
    .handler(
      httpRouter([
        { method: 'GET', path: ROUTES.link, handler: showLink },
        { method: 'POST', path: ROUTES.link, handler: redirectToZoom },
        { method: 'GET', path: ROUTES.callback, handler: receiveAuthorization },
        { method: 'HEAD', path: ROUTES.callback, handler: async () => noContent() },
        // For a browser that has another icon in mind than the page's.
        { method: 'GET', path: '/favicon.ico', handler: async () => noContent() },
        { method: 'POST', path: ROUTES.events, handler: receiveEvent },
        { method: 'POST', path: ROUTES.appEvents, handler: receiveEvent },
      ]),
    );
}

const visitOf = (event: APIGatewayProxyEventV2, runtime: CallbackRuntime): LinkVisit => ({
  ticket: event.queryStringParameters?.ticket,
  cookie: cookieOf(event, runtime),
});

const cookieOf = (
  { cookies = [] }: APIGatewayProxyEventV2,
  { publicUrl }: CallbackRuntime,
): string | undefined => readCookie(publicUrl, cookies);

/**
 * Returns whether the browser's cookie can finish no consent any more. Another state leaves the cookie: it belongs to a later
 * consent of this browser, which must not suffer from a stranger's address.
 */
const isCookieUseless = (error: unknown): boolean =>
  error instanceof ConsentOver ||
  (error instanceof Failure && (error.code === 'consent_expired' || error.code === 'consent_unknown'));

/** The callback function alone starts another one: the operator function makes its steps itself. */
export const withStarter = ({ rotateFunctionName, ...runtime }: CallbackRuntime): CallbackRuntime => ({
  ...runtime,
  ...(rotateFunctionName !== undefined && { starter: createRotateStarter(rotateFunctionName) }),
});

export const handler = createHandler(lazily(() => withStarter(createRuntime())));
