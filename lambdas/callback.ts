import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { ROUTES } from './contract.ts';
import { lazily } from './lazily.ts';
import { createLinkPageRuntime, type LinkPageRuntime } from './link-page-runtime.ts';
import type { CallbackRuntime } from './runtime.ts';
import { storedLink } from './tokens/consent/stored-link.ts';
import type { Asker } from './tokens/operate/installation.ts';
import { linkPage } from './web/link-page.ts';
import { failurePage, OWN_DEADLINE, pageHeaders, withLogContext } from './web/middleware.ts';
import { refuseOversized } from './web/oversized.ts';
import { isPrefetch, noContent } from './web/prefetch.ts';

type Result = Promise<APIGatewayProxyStructuredResultV2>;

/** A person waits for the link's page, so everything that it does not need is loaded after it. */
const loadRoutes = () => import('./callback-routes.ts');

/**
 * Creates the handler of the HTTP API. `GET /connect` shows what a link connects, `POST /connect` redirects to Zoom,
 * `GET /callback` receives Zoom's authorization response, and `POST /zoom/events` receives Zoom's webhooks.
 * @param loadPage returns what the link's page needs; the whole runtime has it too
 */
export function createHandler<R extends CallbackRuntime | Promise<CallbackRuntime>>(
  load: () => R,
  loadPage: () => LinkPageRuntime | R = load,
) {
  const showLink = async (event: APIGatewayProxyEventV2): Result => {
    const { asker, zoom, now, ...runtime } = await loadPage();
    const link = await storedLink(event.queryStringParameters?.ticket, { ...runtime, now });
    if (link.usedAt !== undefined) return (await loadRoutes()).showUsedLink(event, await load());
    return linkPage(link, { asker, zoomOrigin: zoom.server.issuer, now: now() });
  };

  const redirectToZoom = async (event: APIGatewayProxyEventV2): Result =>
    (await loadRoutes()).redirectToZoom(event, await load());

  const receiveAuthorization = async (event: APIGatewayProxyEventV2, context: Context): Result => {
    if (isPrefetch(event)) return noContent();
    return (await loadRoutes()).receiveAuthorization(event, context, await load());
  };

  const receiveEvent = async (event: APIGatewayProxyEventV2, context: Context): Result =>
    (await loadRoutes()).receiveEvent(event, context, load);

  /** A function that cannot load its settings still shows a page. */
  const askerOf = async (): Promise<Asker> => {
    try {
      return (await loadPage()).asker;
    } catch {
      return {};
    }
  };

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
        // A mail filter or a chat checks a link so.
        { method: 'HEAD', path: ROUTES.link, handler: async () => noContent() },
        { method: 'HEAD', path: ROUTES.callback, handler: async () => noContent() },
        // For a browser that has another icon in mind than the page's.
        { method: 'GET', path: '/favicon.ico', handler: async () => noContent() },
        { method: 'POST', path: ROUTES.events, handler: receiveEvent },
        { method: 'POST', path: ROUTES.appEvents, handler: receiveEvent },
      ]),
    );
}

const loadDeployed = lazily(async () => (await loadRoutes()).createCallbackRuntime());

export const handler = createHandler(
  loadDeployed,
  lazily(() => createLinkPageRuntime(loadDeployed)),
);
