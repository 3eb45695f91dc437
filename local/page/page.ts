import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { html } from '../../lambdas/web/html.ts';
import { page as errorTemplate, eventAndAction } from '../../lambdas/web/page-template.ts';
import type { RequestHandler } from '../gateway.ts';
import type { LocalStack } from '../local-stack.ts';
import { HEADERS, send } from './responses.ts';
import type { Query } from './selection.ts';
import { sendStates } from './states.ts';

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
