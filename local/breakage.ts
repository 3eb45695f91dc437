/** The faults that the page's switches turn on, to show how the functions handle them. */
export interface Breakage {
  /** Zoom's token endpoint and API respond 503. */
  zoomIsDown: boolean;
  /** Zoom's token endpoint and API respond 429, with a time to wait. */
  zoomLimitsRate: boolean;
  /** Zoom acts on the next token request, but the connection breaks before its response. */
  nextResponseIsLost: boolean;
  /** Zoom refuses every refresh token, as it does while an app is disabled or removed. */
  refreshesAreRefused: boolean;
  /** Zoom does not respond with the user who consented: `/v2/users/me` responds 500. */
  zoomUserFails: boolean;
  /** Secrets Manager refuses to write the secrets that n8n reads, as it does when IAM denies it. */
  publishingIsDenied: boolean;
  /** Secrets Manager has no room for another version of a secret. */
  versionQuotaIsReached: boolean;
  /** Secrets Manager can neither encrypt nor decrypt a value. */
  kmsKeyIsDisabled: boolean;
  /** DynamoDB throttles every write. */
  writesAreThrottled: boolean;
}

export const noBreakage = (): Breakage => ({
  zoomIsDown: false,
  zoomLimitsRate: false,
  nextResponseIsLost: false,
  refreshesAreRefused: false,
  zoomUserFails: false,
  publishingIsDenied: false,
  versionQuotaIsReached: false,
  kmsKeyIsDisabled: false,
  writesAreThrottled: false,
});
