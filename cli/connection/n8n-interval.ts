/** What `N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL` is unless it is set. */
export const DEFAULT_INTERVAL_SECONDS = 300;
