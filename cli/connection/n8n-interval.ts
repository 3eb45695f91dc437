/** n8n's default of `N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL`, seconds. */
export const DEFAULT_INTERVAL_SECONDS = 300;
