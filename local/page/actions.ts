import type { IncomingMessage, ServerResponse } from 'node:http';
import { typographic } from '../../lambdas/web/page-template.ts';
import type { Breakage } from '../breakage.ts';
import type { RequestHandler } from '../gateway.ts';
import type { LocalStack } from '../local-stack.ts';
import { sendJson } from './responses.ts';

/** The response to a button: what happened, and for a failure also what to do. */
interface ActionResult {
  status: number;
  message: string;
  action?: string;
}

/** The message of each switch when it is turned on, and when it is turned off. */
const SWITCHES: Record<keyof Breakage, { on: string; off: string }> = {
  zoomIsDown: { on: 'Zoom is down: it responds 503.', off: 'Zoom is up again.' },
  zoomLimitsRate: {
    on: 'Zoom limits the rate: it responds 429 and demands a wait of 30 seconds.',
    off: 'Zoom limits the rate no longer.',
  },
  nextResponseIsLost: {
    on: 'Zoom will process the next token request, and its response will be lost.',
    off: 'No response of Zoom will be lost.',
  },
  refreshesAreRefused: { on: 'Zoom refuses every refresh token.', off: 'Zoom accepts refresh tokens again.' },
  zoomUserFails: {
    on: 'Zoom does not say who consented: /users/me responds 500.',
    off: 'Zoom says again who consented.',
  },
  publishingIsDenied: {
    on: 'Secrets Manager denies writing the secrets that n8n reads.',
    off: 'Secrets Manager allows writing again.',
  },
  versionQuotaIsReached: {
    on: 'Secrets Manager has no room for another version of a secret.',
    off: 'Secrets Manager has room for new versions again.',
  },
  kmsKeyIsDisabled: { on: 'The KMS key of the secrets is disabled.', off: 'The KMS key is enabled again.' },
  writesAreThrottled: { on: 'DynamoDB throttles every write.', off: 'DynamoDB accepts writes again.' },
};

/**
 * Handles the page's buttons: `POST /rotate/<connection>`, `/revoke/<connection>`, `/break/<switch>` and
 * `/repair/<switch>`.
 */
export function actions(stack: LocalStack): RequestHandler {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', stack.publicUrl);
    const [, verb, target = ''] = /^\/(rotate|revoke|break|repair)\/([^/]+)$/.exec(pathname) ?? [];
    if (request.method !== 'POST' || verb === undefined) return false;
    if (isSameOrigin(request, stack.publicUrl)) sendResult(response, await perform(stack, verb, target));
    else {
      sendResult(response, {
        status: 403,
        message: 'The request does not come from this page.',
        action: `Open ${stack.publicUrl}/ and press the button there.`,
      });
    }
    return true;
  };
}

const sendResult = (response: ServerResponse, { status, message, action }: ActionResult) =>
  sendJson(response, status, {
    message: typographic(message),
    ...(action !== undefined && { action: typographic(action) }),
  });

/** Returns whether the browser says that this page sent the request. Another site's page cannot forge that. */
function isSameOrigin({ headers }: IncomingMessage, publicUrl: string): boolean {
  return headers.origin === publicUrl || headers['sec-fetch-site'] === 'same-origin';
}

async function perform(stack: LocalStack, verb: string, target: string): Promise<ActionResult> {
  if (verb === 'rotate') return rotate(stack, target);
  if (verb === 'revoke') return revokeRefreshToken(stack, target);
  return setSwitch(stack, target, verb === 'break');
}

async function rotate(stack: LocalStack, connection: string): Promise<ActionResult> {
  const response = await stack.operate({ action: 'rotate', connection });
  return response.ok
    ? { status: 200, message: `“${connection}” has a new token.` }
    : { status: 409, ...response.error };
}

async function revokeRefreshToken({ zoom, journal }: LocalStack, connection: string): Promise<ActionResult> {
  if (!(await zoom?.revokeRefreshToken(connection))) {
    return {
      status: 409,
      message: `Zoom has already revoked the access of “${connection}”.`,
      action: 'Connect it again first.',
    };
  }
  const message = `Zoom renews no token of “${connection}” any more. n8n’s present token works until it expires.`;
  journal.log.info('broken', { connection, message });
  return { status: 200, message };
}

async function setSwitch({ zoom, journal }: LocalStack, name: string, on: boolean): Promise<ActionResult> {
  const messages = Object.entries(SWITCHES).find(([each]) => each === name)?.[1];
  if (!zoom || !messages) return { status: 409, message: `There is no switch “${name}”.` };
  zoom.breakage[name as keyof Breakage] = on;
  const message = on ? messages.on : messages.off;
  journal.log.info(on ? 'broken' : 'repaired', { message });
  return { status: 200, message };
}
