import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Breakage } from '../breakage.ts';
import type { Responder } from '../gateway.ts';
import type { LocalStack } from '../stack.ts';
import { sendJson } from './responses.ts';

/** What a button answers: a sentence for the person who pressed it, and one on what to do where it did not work. */
interface ActionMessage {
  status: number;
  message: string;
  action?: string;
}

/** What each switch says when it is on, and when it is off again. */
const SWITCHES: Record<keyof Breakage, { on: string; off: string }> = {
  zoomIsDown: { on: 'Zoom is down: it answers 503.', off: 'Zoom is up again.' },
  nextAnswerIsLost: {
    on: 'Zoom will act on the next request, and its answer will be lost.',
    off: 'No answer of Zoom will be lost.',
  },
  publishingIsDenied: {
    on: 'Secrets Manager refuses to write what n8n reads.',
    off: 'Secrets Manager writes again.',
  },
};

/** The buttons of the page: `POST /rotate/<connection>`, `/forget/<connection>`, `/break/<switch>`, `/mend/<switch>`. */
export function actions(stack: LocalStack): Responder {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', stack.publicUrl);
    const [, verb, what = ''] = /^\/(rotate|forget|break|mend)\/([^/]+)$/.exec(pathname) ?? [];
    if (request.method !== 'POST' || verb === undefined) return false;
    if (isSameOrigin(request, stack.publicUrl)) say(response, await act(stack, verb, what));
    else {
      say(response, {
        status: 403,
        message: 'The request does not come from this page.',
        action: `Open ${stack.publicUrl}/ and press the button there.`,
      });
    }
    return true;
  };
}

const say = (response: ServerResponse, { status, ...said }: ActionMessage) =>
  sendJson(response, status, said);

/** A page elsewhere can make a browser send a POST here, but not say that it is from here. */
function isSameOrigin({ headers }: IncomingMessage, publicUrl: string): boolean {
  return headers.origin === publicUrl || headers['sec-fetch-site'] === 'same-origin';
}

async function act(stack: LocalStack, verb: string, what: string): Promise<ActionMessage> {
  if (verb === 'rotate') return rotate(stack, what);
  if (verb === 'forget') return forget(stack, what);
  return turn(stack, what, verb === 'break');
}

async function rotate(stack: LocalStack, connection: string): Promise<ActionMessage> {
  const answer = await stack.operate({ action: 'rotate', connection });
  return answer.ok
    ? { status: 200, message: `“${connection}” was rotated.` }
    : { status: 409, ...answer.error };
}

async function forget({ zoom, journal }: LocalStack, connection: string): Promise<ActionMessage> {
  if (!(await zoom?.forgetRefreshToken(connection))) {
    return { status: 409, message: `The local Zoom knows no refresh token of “${connection}”.` };
  }
  const message = 'Zoom does not know its refresh token any more.';
  journal.log.info('broken', { connection, message });
  return { status: 200, message: `${message} The next rotation of “${connection}” finds out.` };
}

async function turn({ zoom, journal }: LocalStack, name: string, on: boolean): Promise<ActionMessage> {
  const words = Object.entries(SWITCHES).find(([known]) => known === name)?.[1];
  if (!zoom || !words) return { status: 409, message: 'There is no such switch here.' };
  zoom.trouble[name as keyof Breakage] = on;
  const message = on ? words.on : words.off;
  journal.log.info(on ? 'broken' : 'mended', { message });
  return { status: 200, message };
}
