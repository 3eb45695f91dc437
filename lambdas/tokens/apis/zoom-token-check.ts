import * as v from 'valibot';
import { type HttpResponse, parseJson } from './http.ts';
import { isMissingScope, readErrorBody } from './zoom-error-body.ts';

/** Whether Zoom's API accepts an access token. `message` says why not, or why it is not known. */
export interface TokenCheck {
  accepted: 'yes' | 'no' | 'unknown';
  message?: string;
}

const User = v.object({ id: v.string() });

/** The API's number for a token that is dead, and one for a token that lives but lacks a scope. */
const DEAD = 124;
const MISSING_SCOPE = 4711;

/**
 * Reads what `GET /v2/users/me` responds to a token. A missing scope is no refusal of the token, which lives. It comes with
 * 4711, 4700 or 104: its words count, and the number only where the words are missing.
 * https://developers.zoom.us/docs/api/errors/
 */
export async function parseTokenCheck(response: HttpResponse): Promise<TokenCheck> {
  const { ok, status } = response;
  const body = parseJson(await response.text().catch(() => ''));
  const error = readErrorBody(body) ?? { texts: [] };
  // A sign-in page in front of the API has the status 200, too.
  if (ok && v.is(User, body)) return { accepted: 'yes' };
  const isUnable = status >= 500 || status === 429;
  if (!isUnable && (isMissingScope(error) || error.code === MISSING_SCOPE)) return { accepted: 'yes' };
  if (status === 401 && error.code === DEAD) {
    return { accepted: 'no', message: 'Zoom does not accept it (401, code 124): it is dead.' };
  }
  return {
    accepted: 'unknown',
    message: `Zoom's API responded ${status}${error.code === undefined ? '' : `, code ${error.code}`}.`,
  };
}

/** The check of a token when no response arrived. */
export const NO_RESPONSE: TokenCheck = {
  accepted: 'unknown',
  message: "Zoom's API did not respond to the function.",
};
