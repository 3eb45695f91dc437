import { normalN8nUrl } from '../../contract.ts';
import type { N8nInstance } from '../apis/n8n.ts';
import { Failure } from '../errors.ts';

/** Visible ASCII (RFC 9110, section 5.5): what the header `X-N8N-API-KEY` can carry. */
const API_KEY = /^[\x21-\x7e]{1,4096}$/;

/**
 * Returns the n8n instance of a request, its URL without a trailing slash.
 * @throws {Failure} `rejected` (`invalid_url`, `invalid_api_key`); it never quotes the API key
 */
export function instanceFromRequest({ url: text, apiKey }: { url: string; apiKey: string }): N8nInstance {
  const url = normalN8nUrl(text);
  if (url === undefined) throw invalidUrl();
  if (!API_KEY.test(apiKey)) throw invalidApiKey();
  return { url, apiKey };
}

function invalidUrl(): Failure {
  return new Failure(
    'rejected',
    'invalid_url',
    'The address of n8n must begin with https:// and contain no user, query or fragment.',
    'Use the address at which n8n’s editor opens, such as https://n8n.example.com.',
  );
}

function invalidApiKey(): Failure {
  return new Failure(
    'rejected',
    'invalid_api_key',
    'The API key of n8n is empty, too long, or contains characters that no key contains.',
    'Create a key in n8n under Settings > n8n API, with the scopes credential:create and credential:update.',
  );
}
