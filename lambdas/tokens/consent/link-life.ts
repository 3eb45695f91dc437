const MINUTES = 60;
const DAYS = 24 * 60 * MINUTES;

/** For how long a link can be used unless its maker says otherwise, seconds. */
export const LINK_SECONDS = 30 * MINUTES;

/** The shortest and the longest life of a link, seconds. */
export const MIN_LINK_SECONDS = MINUTES;
export const MAX_LINK_SECONDS = 30 * DAYS;

/** For how long a consent may take at least, even where its link expires right after its use; seconds. */
export const CONSENT_SECONDS = 10 * MINUTES;

/** Returns until when the browser that used a link can finish its consent, epoch seconds. */
export const consentUntil = (usedAt: number, expiresAt: number, consentSeconds: number): number =>
  Math.max(expiresAt, usedAt + consentSeconds);

/**
 * For how long the stored link outlives its expiry, seconds: its outcome stays readable, and a restored tab learns it.
 * DynamoDB deletes the item then.
 */
export const OUTCOME_SECONDS = 7 * DAYS;
