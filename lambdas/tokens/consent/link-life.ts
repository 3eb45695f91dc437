const MINUTES = 60;
const DAYS = 24 * 60 * MINUTES;

/** For how long a link can be used unless its maker says otherwise, seconds. */
export const LINK_SECONDS = 30 * MINUTES;

/** The shortest and the longest life of a link, seconds. */
export const MIN_LINK_SECONDS = MINUTES;
export const MAX_LINK_SECONDS = 30 * DAYS;

/** For how long a consent may take after its link was used, seconds. */
export const CONSENT_SECONDS = 10 * MINUTES;

/**
 * For how long the stored link outlives its expiry, seconds: its outcome stays readable, and a restored tab learns it.
 * DynamoDB deletes the item then.
 */
export const KEEP_SECONDS = 7 * DAYS;
