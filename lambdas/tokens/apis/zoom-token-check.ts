import * as v from 'valibot';
import { type HttpResponse, parseJson } from './http.ts';

/** Does Zoom's API take an access token? `message` says why not, or why it is not known. */
export interface TokenCheck {
  accepted: 'yes' | 'no' | 'unknown';
  message?: string;
}

export const ApiError = v.object({ code: v.number() });

/** Of a token that is dead, and of one that lives but may not do what was asked. */
const DEAD = 124;
const MISSING_SCOPE = 4711;

/**
 * Reads what `GET /v2/users/me` answers to a token. A missing scope is no refusal: the token lives.
 * https://developers.zoom.us/docs/api/errors/
 */
export async function parseTokenCheck(response: HttpResponse): Promise<TokenCheck> {
  if (response.ok) return { accepted: 'yes' };
  const error = v.safeParse(ApiError, parseJson(await response.text().catch(() => '')));
  const code = error.success ? error.output.code : undefined;
  if (code === MISSING_SCOPE) return { accepted: 'yes' };
  if (response.status === 401 && code === DEAD) {
    return { accepted: 'no', message: 'Zoom does not accept it (401, code 124): it is dead.' };
  }
  return {
    accepted: 'unknown',
    message: `Zoom's API answered ${response.status}${code === undefined ? '' : `, code ${code}`}.`,
  };
}

/** No answer arrived. */
export const NO_RESPONSE: TokenCheck = {
  accepted: 'unknown',
  message: "Zoom's API did not answer the function.",
};
