import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Responder } from '../gateway.ts';
import { escapeHtml } from '../html.ts';
import type { LocalStack } from '../stack.ts';
import { HEADERS, send, sendHtml } from './responses.ts';
import { stateOf } from './state.ts';

const MILLISECONDS_BETWEEN_STATES = 1000;

const file = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

const FILES: Record<string, { type: string; text: string }> = {
  '/': { type: 'text/html; charset=utf-8', text: file('page.html') },
  '/page.css': { type: 'text/css; charset=utf-8', text: file('page.css') },
  '/page.js': { type: 'text/javascript; charset=utf-8', text: file('page.js') },
};

/** The page that shows live what happens, its events and its one-time links. */
export function page(stack: LocalStack): Responder {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', stack.publicUrl);
    const [, connection] = /^\/link\/([^/]+)$/.exec(pathname) ?? [];
    const asked = FILES[pathname];
    if (request.method !== 'GET') return false;
    if (asked) send(response, 200, asked.type, asked.text);
    else if (pathname === '/events') sendStates(stack, response);
    else if (connection !== undefined) await sendLink(stack, connection, response);
    else return false;
    return true;
  };
}

/** Server-sent events: the state now, at every entry of the journal, and every second. */
function sendStates(stack: LocalStack, response: ServerResponse): void {
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
        const state = JSON.stringify(await stateOf(stack));
        if (!response.destroyed) response.write(`data: ${state}\n\n`);
      }
    } catch {
      // The stack is being closed. A page that still listens connects again by itself.
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

/** A one-time link as a redirect: no person has to copy it, and it stands in no page. */
async function sendLink(stack: LocalStack, connection: string, response: ServerResponse): Promise<void> {
  const answer = await stack.operate({ action: 'link', connection });
  if (!answer.ok) return sendHtml(response, 400, errorPage('No link was made', answer.error));
  const { link } = answer.result as { link: string };
  response.writeHead(302, { ...HEADERS, location: link }).end();
}

function errorPage(title: string, { message, action }: { message: string; action: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · zoom-token-refresher</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
<div class="card">
<h1>${title}</h1>
<p>${escapeHtml(message)}</p>
<p>${escapeHtml(action)}</p>
<p><a href="/">Back to the local page</a></p>
</div>
</main>
</body>
</html>
`;
}
