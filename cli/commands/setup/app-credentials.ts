import type { GrantType } from '../../../lambdas/operator-protocol.ts';

/** The app secret's value, as the functions read it. */
export interface AppSecret {
  client_id: string;
  client_secret: string;
  /** A Server-to-Server OAuth app has one. */
  account_id?: string;
  /** Signs Zoom's events. */
  webhook_secret_token?: string;
}

export type Field = keyof AppSecret;

/** As Zoom's App Marketplace names them. */
export const FIELD_NAMES: Record<Field, string> = {
  client_id: 'Client ID',
  client_secret: 'Client Secret',
  account_id: 'Account ID',
  webhook_secret_token: 'Secret Token',
};

/** The environment variable of each. */
export const FIELD_VARIABLES: Record<Field, string> = {
  client_id: 'ZOOM_CLIENT_ID',
  client_secret: 'ZOOM_CLIENT_SECRET',
  account_id: 'ZOOM_ACCOUNT_ID',
  webhook_secret_token: 'ZOOM_WEBHOOK_SECRET_TOKEN',
};

export const requiredFields = (grant: GrantType): Field[] =>
  grant === 'account_credentials'
    ? ['client_id', 'client_secret', 'account_id']
    : ['client_id', 'client_secret'];

/**
 * Why this cannot be the field's value; `undefined` when it can. Zoom does not document the forms of its ids, so only
 * what no id can be is refused. Quotes nothing: it may be a secret in the wrong place.
 */
export function implausible(field: Field, value: string): string | undefined {
  const name = FIELD_NAMES[field];
  if (value === '') return `The ${name} is missing.`;
  if (/\s/.test(value)) return `The ${name} has white space in it: copy it alone.`;
  if (/^https?:/i.test(value)) return `The ${name} cannot be a URL.`;
  if (value.includes('@')) return `The ${name} cannot be an e-mail address.`;
  // A user name ends at the first colon of HTTP Basic (RFC 7617).
  if (field === 'client_id' && value.includes(':')) return `The ${name} cannot hold a colon.`;
  if (field === 'account_id' && /^[\d-]+$/.test(value)) {
    return 'That is the account number of your profile. The Account ID is beside the Client ID, on App Credentials.';
  }
  return undefined;
}

/** Why the fields cannot belong together; `undefined` when they can. */
export function inconsistent({ client_id, client_secret, account_id }: AppSecret): string | undefined {
  if (client_id === client_secret) return 'The Client ID and the Client Secret are the same.';
  if (account_id === client_id) return 'The Account ID and the Client ID are the same.';
  if (account_id === client_secret) return 'The Account ID and the Client Secret are the same.';
  // Zoom's secrets have 32 characters, its ids about 22.
  if (client_id.length >= 30 && client_secret.length <= 24) {
    return 'The Client ID and the Client Secret are swapped: the longer one is the secret.';
  }
  return undefined;
}
