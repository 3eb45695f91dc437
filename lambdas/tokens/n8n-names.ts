import { PUBLISHED_SECRET_PREFIX } from '../contract.ts';

/**
 * n8n's own names for the credential that holds a Zoom access token, and the notice that n8n shows beside the field.
 * https://docs.n8n.io/integrations/builtin/credentials/zoom/
 */
export const N8N_CREDENTIAL = {
  type: 'Zoom API',
  field: 'JWT Token',
  notice: 'n8n shows a deprecation notice beside it; any bearer token works there.',
} as const;

/** Returns the name of the secret that n8n reads for a connection. Its value is the bare access token. */
export const secretName = (connection: string) => `${PUBLISHED_SECRET_PREFIX}${connection}`;

/**
 * Returns the expression that a person pastes into n8n's credential.
 * @param vault name of n8n's external secrets connection
 */
export const expression = (connection: string, vault = 'aws') =>
  `{{ $secrets.${vault}.${secretName(connection)} }}`;
