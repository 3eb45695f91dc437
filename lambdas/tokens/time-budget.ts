/**
 * How a function's time is divided; all in seconds. Every deadline is the time at which Lambda stops the function.
 *
 * A step of the sweep (60 s in all; a consent and `rotate` run the same step within their own timeouts):
 *
 *     |<------------------------- the function's timeout ------------------------->|
 *     |  steps are started            | no new step is started        (STEP)  20 s |
 *     |  one step: ask Zoom (ZOOM) 10 s | commit, retried until RETRY_END before end |
 *     |                                 | publish | push (N8N) 5 s | settle (STORE) |
 *
 * A request is sent only while there is time for its response and for what has to be stored after it:
 *
 *     refresh at Zoom      ZOOM_TIMEOUT  + STORE   before the deadline, at the latest
 *     push to n8n          N8N_TIMEOUT   + STORE
 *     ask for the Zoom user  USER_TIMEOUT  + STORE
 *     link an n8n          2 × N8N_TIMEOUT + RESPONSE
 *     revoke at Zoom       REVOKE + UNPUBLISH
 */

/** Zoom's token endpoint. Longer than Zoom is known to take, far below the functions' timeouts. */
export const ZOOM_TIMEOUT_SECONDS = 10;

/** Zoom's `/users/me`. Fresh tokens wait to be stored meanwhile, and can do without its response. */
export const USER_TIMEOUT_SECONDS = 3;

/** One request to n8n's public API. */
export const N8N_TIMEOUT_SECONDS = 5;

/** Left for a step's last write, and for the commit after Zoom's latest response. */
export const STORE_SECONDS = 5;

/** The retries of a write that must not be lost end this long before the deadline. */
export const RETRY_END_SECONDS = 2;

/** The sweep starts no step with less than this left: Zoom, commit, publication and push. */
export const STEP_SECONDS = 20;

/** Left for the operator function's response. */
export const RESPONSE_SECONDS = 5;

/** Two requests to Zoom's revocation endpoint: the access token and the refresh token. */
export const REVOKE_SECONDS = 2 * ZOOM_TIMEOUT_SECONDS;

/** Left for the deletion of the published secret and the last write of a disconnection. */
export const UNPUBLISH_SECONDS = 15;
