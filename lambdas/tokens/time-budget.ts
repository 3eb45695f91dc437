/**
 * How a function divides its time, in seconds. The deadline is the time at which Lambda stops the function.
 *
 * A step of the sweep, 60 s in all. A consent and `rotate` run the same step within their own timeouts:
 *
 *     |<------------------------- the function's timeout ------------------------->|
 *     |  steps are started              | no new step is started      (STEP)  20 s |
 *     |  one step: request tokens (ZOOM) 10 s | commit, retried until RETRY_END    |
 *     |                                 | publish | push (N8N) 5 s | settle (STORE) |
 *
 * A request is sent only while there is time for its response and for what has to be stored after it. At the latest
 * this long before the deadline:
 *
 *     refresh at Zoom         ZOOM_TIMEOUT + STORE
 *     push to n8n             N8N_TIMEOUT + STORE
 *     request the Zoom user   USER_TIMEOUT + STORE
 *     link an n8n             4 × N8N_TIMEOUT + RESPONSE
 *     revoke at Zoom          REVOKE + UNPUBLISH
 */

/** Timeout of a request to Zoom's token endpoint: longer than its known response times, far below the functions' timeouts. */
export const ZOOM_TIMEOUT_SECONDS = 10;

/** Timeout of a request to Zoom's `/users/me`. It is short because fresh tokens are stored only after it. */
export const USER_TIMEOUT_SECONDS = 3;

/** Timeout of a request to n8n's public API. */
export const N8N_TIMEOUT_SECONDS = 5;

/** Reserved for a step's last write, and for the commit after Zoom's latest response. */
export const STORE_SECONDS = 5;

/** The retries of a write that must not be lost end this long before the deadline. */
export const RETRY_END_SECONDS = 2;

/** The sweep starts no step with less time than this: Zoom, commit, publication and push. */
export const STEP_SECONDS = 20;

/** Reserved for the operator function's response. */
export const RESPONSE_SECONDS = 5;

/** Two requests to Zoom's revocation endpoint: one for the access token, one for the refresh token. */
const REVOKE_SECONDS = 2 * ZOOM_TIMEOUT_SECONDS;

/** Reserved for deleting the published secret and for the last write of a disconnection. */
const UNPUBLISH_SECONDS = 15;

/** The end of a disconnection: the revocation, the deletion and the last write. */
export const DISCONNECT_SECONDS = REVOKE_SECONDS + UNPUBLISH_SECONDS;
