import { PUBLISHED_SECRET_PREFIX } from '../contract.ts';

/** Returns the name of the secret that n8n reads for a connection. Its value is the bare access token. */
export const secretName = (connection: string) => `${PUBLISHED_SECRET_PREFIX}${connection}`;

/**
 * Returns the expression that a person pastes into n8n's credential.
 * @param vault name of n8n's external secrets connection
 */
export const expression = (connection: string, vault = 'aws') =>
  `{{ $secrets.${vault}.${secretName(connection)} }}`;
