// What one request of an operator may ask for. The command line loads these without the domain.

/** The old place is kept current for this time; seconds. */
export const KEEP_SECONDS = { usual: 24 * 60 * 60, most: 7 * 24 * 60 * 60 };

export const MAX_OVERVIEW = 500;

/** Each probe takes a read and a request to Zoom. This many fit well into the timeout of the operator function. */
export const MAX_PROBES = 20;

/** Orders that no index has: by name, by the next rotation, by the end of the token that n8n holds. */
export const SORTS = ['name', 'next', 'valid'] as const;
