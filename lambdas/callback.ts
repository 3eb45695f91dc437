import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { createRuntime, lazily, type Runtime } from './runtime.ts';
import { beginConsent, finishConsent, readLink } from './tokens/consent/consent.ts';
import { LINK_SECONDS } from './tokens/consent/link-ticket.ts';
import { deadlineOf, failurePage, OWN_DEADLINE, pageHeaders, withLogContext } from './web/middleware.ts';
import { connectedPage, linkPage } from './web/pages.ts';
import { eventsHandler } from './web/zoom-events.ts';

/**
 * `GET /connect` shows what a link connects, `POST /connect` goes to Zoom, `GET /callback` takes Zoom's answer;
 * `POST /zoom/events` is Zoom itself.
 */
export function createHandler(load: () => Runtime) {
  const show = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const runtime = load();
    return linkPage(await readLink(event.queryStringParameters?.ticket, runtime), runtime.zoom.server.issuer);
  };

  const connect = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const runtime = load();
    const { location, cookie } = await beginConsent(event.queryStringParameters?.ticket, runtime);
    return {
      statusCode: 303,
      headers: { Location: location, 'Cache-Control': 'no-store' },
      cookies: [setCookie(runtime, cookie, LINK_SECONDS)],
    };
  };

  const callback = async (
    event: APIGatewayProxyEventV2,
    context: Context,
  ): Promise<APIGatewayProxyStructuredResultV2> => {
    const runtime = load();
    const answer = {
      parameters: new URLSearchParams(event.rawQueryString),
      cookie: readCookie(runtime, event.cookies ?? []),
    };
    const connected = await finishConsent(answer, runtime, {
      deadline: deadlineOf(context, runtime.now()),
    });
    return { ...connectedPage(connected), cookies: [setCookie(runtime, '', 0)] };
  };

  const events = eventsHandler(load);

  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(OWN_DEADLINE)
    .use(withLogContext())
    .use(pageHeaders())
    .use(failurePage())
    .handler(
      httpRouter([
        { method: 'GET', path: '/connect', handler: show },
        { method: 'POST', path: '/connect', handler: connect },
        { method: 'GET', path: '/callback', handler: callback },
        { method: 'POST', path: '/zoom/events', handler: events },
        { method: 'POST', path: '/zoom/events/{app}', handler: events },
      ]),
    );
}

export const handler = createHandler(lazily(createRuntime));

/**
 * `__Host-` binds the cookie to this very host over HTTPS; a browser that is strict about it drops such a cookie
 * on the plain HTTP of a local stack.
 */
const cookieName = ({ publicUrl }: Runtime) =>
  publicUrl.startsWith('https:') ? '__Host-zoom-consent' : 'zoom-consent';

function setCookie(runtime: Runtime, value: string, maxAge: number): string {
  const secure = runtime.publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${cookieName(runtime)}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

function readCookie(runtime: Runtime, cookies: string[]): string | undefined {
  const start = `${cookieName(runtime)}=`;
  return cookies.find((cookie) => cookie.startsWith(start))?.slice(start.length);
}
