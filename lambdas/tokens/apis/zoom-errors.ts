import type { FailureClass } from '../../contract.ts';
import { CONNECTION } from '../errors.ts';
import type { FailureCode } from '../failure-codes.ts';

/** A request to Zoom's OAuth endpoints: the grant of a token request, or a revocation. */
export type ZoomRequest = 'authorization_code' | 'refresh_token' | 'account_credentials' | 'revocation';

/** An error of Zoom's OAuth endpoints. */
export interface ZoomError {
  /** Zoom's numbers; empty for a text that comes without one. */
  codes: readonly number[];
  /** Zoom's words; empty where Zoom's table has a placeholder. A response may say more than these. */
  texts: readonly string[];
  /** The part of the request that Zoom refuses. */
  refuses: 'token' | 'code' | 'app' | 'unknown';
  code: FailureCode;
  message: string;
  action: string;
  source: string;
}

/** The class of a refusal, by what Zoom refuses and by the request. */
export const CLASSES: Record<ZoomError['refuses'], Record<ZoomRequest, FailureClass>> = {
  // A Server-to-Server app has no consent that a person could repeat.
  token: {
    refresh_token: 'reconnect',
    revocation: 'reconnect',
    authorization_code: 'rejected',
    account_credentials: 'misconfigured',
  },
  // Only one request sends a code. In response to another, Zoom's words fit nothing.
  code: {
    refresh_token: 'retry',
    revocation: 'retry',
    authorization_code: 'rejected',
    account_credentials: 'retry',
  },
  app: {
    refresh_token: 'misconfigured',
    revocation: 'misconfigured',
    authorization_code: 'misconfigured',
    account_credentials: 'misconfigured',
  },
  // A connection waits for evidence. A code that Zoom refused once is not accepted the second time.
  unknown: {
    refresh_token: 'retry',
    revocation: 'retry',
    authorization_code: 'rejected',
    account_credentials: 'retry',
  },
};

export const WAIT = 'Nothing to do: the next sweeps retry, and n8n keeps its token until the token expires.';
const RECONNECT = `Reconnect: npx zoom-tokens connect ${CONNECTION}`;

/** https://developers.zoom.us/docs/integrations/oauth-error-messages/ gives code and text, but no status and no body. */
const TABLE = 'developers.zoom.us/docs/integrations/oauth-error-messages';
/** Texts that developers have seen, without a code. */
const SEEN = 'seen by developers, such as raycast/extensions#10896 and mattermost/mattermost-plugin-zoom#147';
const RFC_6749 = 'RFC 6749 section 5.2';

const CLIENT = {
  refuses: 'app',
  code: 'invalid_client',
  message: 'Zoom does not accept the client id and client secret of the app.',
  action: 'Copy both from the Zoom App Marketplace into the app secret.',
} as const;
const GRANT = {
  refuses: 'app',
  code: 'unsupported_grant',
  message: 'The Zoom app does not allow this grant.',
  action: 'Use a Server-to-Server OAuth app for account_credentials, a General app for authorization_code.',
} as const;
export const REFUSED_CODE = {
  refuses: 'code',
  code: 'code_refused',
  message:
    'Zoom refused the authorization code: it was used before or is too old, or the redirect URL is not the app’s.',
  action:
    'Ask for a new link. If that fails too, the administrator has to compare the redirect URL of the Zoom app with the callback URL.',
} as const;
const TOKEN = {
  refuses: 'token',
  code: 'invalid_token',
  message: "Zoom revoked access, so this connection can't renew itself.",
  action: RECONNECT,
} as const;
/** Zoom's table has no cure for these, or one that concerns another request. */
const UNKNOWN = {
  refuses: 'unknown',
  code: 'zoom_refused',
  message: 'Zoom refused the request without a known reason.',
  action: WAIT,
} as const;

/** Every error that Zoom documents for OAuth, and those that were seen. */
export const ZOOM_ERRORS: readonly ZoomError[] = [
  { codes: [4700], texts: ['Token cannot be empty.'], ...UNKNOWN, source: TABLE },
  // A catch-all: its text is empty, or that of an exception.
  { codes: [4700], texts: [], ...UNKNOWN, source: TABLE },
  {
    codes: [4702, 4704],
    texts: ['Invalid client.', 'Invalid client secret.', 'Client ID does not match authenticated client.'],
    ...CLIENT,
    source: TABLE,
  },
  { codes: [4705], texts: ['Grant type is not supported from token endpoint.'], ...GRANT, source: TABLE },
  { codes: [4706], texts: ['Client ID or client secret is missing.'], ...CLIENT, source: TABLE },
  {
    codes: [4706],
    texts: ['Missing grant type.'],
    refuses: 'app',
    code: 'request_altered',
    message: 'Zoom received a request without its grant type.',
    action: 'Check the proxy between the functions and Zoom: it must not change the body of a request.',
    source: TABLE,
  },
  {
    codes: [4709],
    texts: ['Redirect URI mismatch.'],
    refuses: 'app',
    code: 'redirect_mismatch',
    message: 'Zoom refused the redirect URL: it is not one of the Zoom app.',
    action:
      'Enter the redirect URL that npx zoom-tokens setup prints into the Zoom app, as the redirect URL and in the allow list.',
    source: TABLE,
  },
  {
    codes: [4711],
    texts: ['Refresh token invalid.'],
    refuses: 'token',
    code: 'invalid_token',
    message: 'Zoom no longer accepts the refresh token: its scopes no longer match those of the Zoom app.',
    action: RECONNECT,
    source: TABLE,
  },
  {
    codes: [4717],
    texts: ['The app has been disabled'],
    refuses: 'app',
    code: 'app_disabled',
    message: 'The Zoom app is disabled.',
    action: 'Activate the app in the Zoom App Marketplace, or ask the support of Zoom to enable it.',
    source: TABLE,
  },
  // "An invalid JWT token is passed in the header": no request here carries one. The text is a placeholder.
  { codes: [4724], texts: [], ...UNKNOWN, source: TABLE },
  { codes: [4732], texts: ['Creating authorization code error.'], ...UNKNOWN, source: TABLE },
  { codes: [4733], texts: ['Code is expired'], ...REFUSED_CODE, source: TABLE },
  { codes: [4734], texts: ['Invalid authorization code.'], ...REFUSED_CODE, source: TABLE },
  {
    codes: [4735],
    texts: ['The owner of the token does not exist.'],
    refuses: 'token',
    code: 'invalid_token',
    message: 'The Zoom user who consented was deleted or has left the account.',
    action: `Another Zoom user must consent: npx zoom-tokens connect ${CONNECTION} --replace-user`,
    source: TABLE,
  },
  {
    codes: [4737],
    texts: ['Can not find the authentication for the access token.'],
    ...TOKEN,
    source: TABLE,
  },
  {
    codes: [4738],
    texts: ['The token is disabled by admin.'],
    refuses: 'token',
    code: 'invalid_token',
    message: 'An administrator of the Zoom account has withdrawn the approval of the Zoom app.',
    action: `Ask the administrator to approve the app again. Then reconnect: npx zoom-tokens connect ${CONNECTION}`,
    source: TABLE,
  },
  {
    codes: [4740],
    texts: ['The token ID is out of the token tolerance range.'],
    refuses: 'token',
    code: 'invalid_token',
    message: 'Zoom no longer accepts the refresh token: it was replaced by newer ones.',
    action: RECONNECT,
    source: TABLE,
  },
  {
    codes: [4741],
    texts: ['The token has been revoked.'],
    refuses: 'token',
    code: 'invalid_token',
    message:
      'Zoom has revoked the refresh token: the user removed the app, or consented to it once more elsewhere.',
    action: RECONNECT,
    source: TABLE,
  },
  { codes: [], texts: ['Invalid Token!'], ...TOKEN, source: SEEN },
  { codes: [], texts: ['invalid_grant'], ...TOKEN, source: RFC_6749 },
  {
    codes: [],
    texts: ['authorization code'],
    ...REFUSED_CODE,
    source: 'devforum.zoom.us 12302: more words follow',
  },
  { codes: [], texts: ['client_id', 'client_secret'], ...CLIENT, source: SEEN },
  { codes: [], texts: ['grant type'], ...GRANT, source: 'zoom/server-to-server-oauth-token#3' },
  { codes: [], texts: ['unauthorized_client'], ...GRANT, source: RFC_6749 },
  {
    codes: [],
    texts: ['Invalid Account Id.', 'Account does not exist'],
    refuses: 'app',
    code: 'invalid_account',
    message: 'Zoom does not know the account id of the Server-to-Server app.',
    action: 'Copy the account id from the Zoom App Marketplace into the app secret.',
    source: SEEN,
  },
  // An access token lives that lacks a scope. Only its text tells it apart from a dead token: 4700, 104 and 4711 were seen.
  { codes: [], texts: ['does not contain scopes'], ...UNKNOWN, source: 'developers.zoom.us/docs/api/errors' },
];
