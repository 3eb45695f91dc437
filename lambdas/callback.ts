import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { ROUTES } from './contract.ts';
import { createRuntime, lazily, type Runtime } from './runtime.ts';
import { beginConsent, readLink } from './tokens/consent/begin-consent.ts';
import { finishConsent } from './tokens/consent/finish-consent.ts';
import { LINK_SECONDS } from './tokens/consent/link-ticket.ts';
import { connectedPage } from './web/connected-page.ts';
import { readCookie, setCookie } from './web/consent-cookie.ts';
import { linkPage } from './web/link-page.ts';
import { deadlineOf, failurePage, OWN_DEADLINE, pageHeaders, withLogContext } from './web/middleware.ts';
import { eventsHandler } from './web/zoom-events.ts';

type Result = Promise<APIGatewayProxyStructuredResultV2>;

/**
 * Creates the handler of the HTTP API. `GET /connect` shows what a link connects, `POST /connect` redirects to Zoom,
 * `GET /callback` receives Zoom's authorization response, and `POST /zoom/events` receives Zoom's webhooks.
 */
export function createHandler(load: () => Runtime) {
  const showLink = async (event: APIGatewayProxyEventV2): Result => {
    const runtime = load();
    return linkPage(await readLink(event.queryStringParameters?.ticket, runtime), runtime.zoom.server.issuer);
  };

  const redirectToZoom = async (event: APIGatewayProxyEventV2): Result => {
    const runtime = load();
    const { location, cookie } = await beginConsent(event.queryStringParameters?.ticket, runtime);
    return {
      statusCode: 303,
      headers: { Location: location, 'Cache-Control': 'no-store' },
      cookies: [setCookie(runtime.publicUrl, cookie, LINK_SECONDS)],
    };
  };

  const receiveAuthorization = async (event: APIGatewayProxyEventV2, context: Context): Result => {
    const runtime = load();
    const response = {
      parameters: new URLSearchParams(event.rawQueryString),
      cookie: readCookie(runtime.publicUrl, event.cookies ?? []),
    };
    const options = { deadline: deadlineOf(context, runtime.now()) };
    const connected = await finishConsent(response, runtime, options);
    return { ...connectedPage(connected), cookies: [setCookie(runtime.publicUrl, '', 0)] };
  };

  const receiveEvent = eventsHandler(load);

  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(OWN_DEADLINE)
    .use(withLogContext())
    .use(pageHeaders())
    .use(failurePage())
    .handler(
      httpRouter([
        { method: 'GET', path: ROUTES.link, handler: showLink },
        { method: 'POST', path: ROUTES.link, handler: redirectToZoom },
        { method: 'GET', path: ROUTES.callback, handler: receiveAuthorization },
        { method: 'POST', path: ROUTES.events, handler: receiveEvent },
        { method: 'POST', path: ROUTES.appEvents, handler: receiveEvent },
      ]),
    );
}

export const handler = createHandler(lazily(createRuntime));
