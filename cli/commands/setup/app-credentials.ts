import type { GrantType } from '../../../lambdas/operator-protocol.ts';

/** Value of the secret of a Zoom app, in the shape that the functions read. */
export interface AppCredentials {
  client_id: string;
  client_secret: string;
  /** Only for a Server-to-Server OAuth app. */
  account_id?: string;
  /** Key of the signatures of Zoom's webhook events. */
  webhook_secret_token?: string;
}

export type Field = keyof AppCredentials;

/** Each field's name in the Zoom App Marketplace. */
export const FIELD_NAMES: Record<Field, string> = {
  client_id: 'Client ID',
  client_secret: 'Client Secret',
  account_id: 'Account ID',
  webhook_secret_token: 'Secret Token',
};

/** Each field's environment variable. */
export const FIELD_VARIABLES: Record<Field, string> = {
  client_id: 'ZOOM_CLIENT_ID',
  client_secret: 'ZOOM_CLIENT_SECRET',
  account_id: 'ZOOM_ACCOUNT_ID',
  webhook_secret_token: 'ZOOM_WEBHOOK_SECRET_TOKEN',
};

/** Returns the fields without which the app cannot be used. */
export const requiredFields = (grant: GrantType): Field[] =>
  grant === 'account_credentials'
    ? ['client_id', 'client_secret', 'account_id']
    : ['client_id', 'client_secret'];

/**
 * Returns why the value is impossible for the field, or `undefined`. Zoom does not document the formats of its ids, so
 * only values that no id can have are refused. Never quotes the value: it may be a secret in the wrong field.
 */
export function fieldProblem(field: Field, value: string): string | undefined {
  const name = FIELD_NAMES[field];
  if (value === '') return `The ${name} is missing.`;
  if (/\s/.test(value)) return `The ${name} contains white space: copy the value alone.`;
  if (/^https?:/i.test(value)) return `The ${name} cannot be a URL.`;
  if (value.includes('@')) return `The ${name} cannot be an e-mail address.`;
  // HTTP Basic (RFC 7617) ends the user name at the first colon.
  if (field === 'client_id' && value.includes(':')) return `The ${name} cannot contain a colon.`;
  if (field === 'account_id' && /^[\d-]+$/.test(value)) {
    return 'The Account ID cannot be the account number of your Zoom profile. The page App Credentials shows it beside the Client ID.';
  }
  return undefined;
}

/** Returns why the fields contradict each other, or `undefined`. */
export function credentialsProblem({
  client_id,
  client_secret,
  account_id,
}: AppCredentials): string | undefined {
  if (client_id === client_secret) return 'The Client ID and the Client Secret are the same.';
  if (account_id === client_id) return 'The Account ID and the Client ID are the same.';
  if (account_id === client_secret) return 'The Account ID and the Client Secret are the same.';
  // Zoom's secrets have 32 characters, its ids about 22.
  if (client_id.length >= 30 && client_secret.length <= 24) {
    return 'The Client ID and the Client Secret are swapped: the longer value is the secret.';
  }
  return undefined;
}
