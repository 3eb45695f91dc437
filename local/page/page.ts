import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { html } from '../../lambdas/web/html.ts';
import { page as errorTemplate, eventAndAction } from '../../lambdas/web/page-template.ts';
import type { RequestHandler } from '../gateway.ts';
import type { LocalStack } from '../local-stack.ts';
import { HEADERS, send } from './responses.ts';
import type { Query } from './selection.ts';
import { stateOf } from './state.ts';

const MILLISECONDS_BETWEEN_STATES = 1000;
/** A sweep of a thousand connections writes dozens of entries a second to the journal. */
const LEAST_MILLISECONDS_BETWEEN_STATES = 100;

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

const read = (name: string) => ({
  type: TYPES[name.split('.')[1] ?? ''] ?? '',
  text: readFileSync(new URL(name, import.meta.url), 'utf8'),
});

const FILES: Record<string, { type: string; text: string }> = {
  '/': read('page.html'),
  ...Object.fromEntries(
    readdirSync(new URL('.', import.meta.url))
      .filter((name) => /\.(css|js)$/.test(name))
      .map((name) => [`/${name}`, read(name)]),
  ),
};

/** Serves the live page, its stream of states and its one-time links. */
export function page(stack: LocalStack): RequestHandler {
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', stack.publicUrl);
    const [, connection] = /^\/link\/([^/]+)$/.exec(pathname) ?? [];
    const requestedFile = FILES[pathname];
    if (request.method !== 'GET') return false;
    if (requestedFile) send(response, 200, requestedFile.type, requestedFile.text);
    else if (pathname === '/events') sendStates(stack, readQuery(searchParams), response);
    else if (connection !== undefined) await sendLink(stack, connection, response);
    else return false;
    return true;
  };
}

/** Returns the part of the connections that the page asks for. */
const readQuery = (parameters: URLSearchParams): Query => ({
  search: parameters.get('search') ?? '',
  page: Math.max(0, Math.trunc(Number(parameters.get('page'))) || 0),
});

/** Sends the state as server-sent events: at once, at every entry of the journal, and every second. */
function sendStates(stack: LocalStack, query: Query, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  let isOutdated = false;
  let isSending = false;
  const sendState = async () => {
    isOutdated = true;
    if (isSending) return;
    isSending = true;
    try {
      while (isOutdated) {
        isOutdated = false;
        const start = performance.now();
        const state = JSON.stringify(await stateOf(stack, query));
        if (!response.destroyed) response.write(`data: ${state}\n\n`);
        // At least three quarters of the time are left for the functions, which run in this process too.
        await setTimeout(Math.max(LEAST_MILLISECONDS_BETWEEN_STATES, 3 * (performance.now() - start)));
      }
    } catch {
      // The stack is being closed. The browser reconnects by itself.
      response.destroy();
    } finally {
      isSending = false;
    }
  };
  const timer = setInterval(sendState, MILLISECONDS_BETWEEN_STATES);
  const stopListening = stack.journal.listen(sendState);
  response.on('close', () => {
    clearInterval(timer);
    stopListening();
  });
  void sendState();
}

/** Redirects to a new one-time link. The link is on no page, and the user does not copy it. */
async function sendLink(stack: LocalStack, connection: string, response: ServerResponse): Promise<void> {
  const linkResponse = await stack.operate({ action: 'link', connection, forMe: true });
  if (!linkResponse.ok) return sendError(response, linkResponse.error);
  const { link } = linkResponse.result as { link: string };
  response.writeHead(302, { ...HEADERS, location: link }).end();
}

/** Sends a page that looks like those of the callback function, with the way back. */
function sendError(response: ServerResponse, { message, action }: { message: string; action: string }): void {
  const { headers, body = '' } = errorTemplate(
    {
      statusCode: 400,
      tone: 'note',
      title: 'The link was not created',
      content: [
        ...eventAndAction(message, action),
        html`<div><a class="button" href="/">Back to the live page</a></div>`,
      ],
    },
    {},
  );
  // `writeHead` replaces what `setHeaders` set, in any case of the letters. A browser obeys two policies at once.
  response
    .setHeaders(new Map(Object.entries(HEADERS)))
    .writeHead(400, headers as Record<string, string>)
    .end(body);
}
