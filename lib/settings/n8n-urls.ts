import { normalN8nUrl } from '../../lambdas/contract.ts';
import type { Rule } from './rules.ts';

/** The functions hold them in an environment variable, and all of those have 4 KB. */
const MOST_URLS = 10;
const MOST_CHARACTERS = 100;

/** Hosts, as `URL.hostname` writes them, at which a function on Lambda would find itself. */
const OWN_HOSTS = /^(localhost|.+\.localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\])$/;

/** Addresses of n8n, each without a slash at its end. */
export const n8nUrlsRule: Rule<readonly string[]> = {
  expects: `a list without duplicates, at most ${MOST_URLS} items, each item an https address of at most ${MOST_CHARACTERS} characters without user, query and fragment, and not of the function's own machine, such as https://n8n.example.com`,
  read(value) {
    const texts = typeof value === 'string' ? value.split(',').map((text) => text.trim()) : value;
    if (!Array.isArray(texts)) return undefined;
    const urls = texts.filter((text) => text !== '').map(readUrl);
    const isValid = urls.every((url) => url !== undefined) && urls.length <= MOST_URLS;
    return isValid && new Set(urls).size === urls.length ? (urls as string[]) : undefined;
  },
};

function readUrl(text: unknown): string | undefined {
  const url = typeof text === 'string' ? normalN8nUrl(text) : undefined;
  if (url === undefined || url.length > MOST_CHARACTERS) return undefined;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && !OWN_HOSTS.test(hostname) ? url : undefined;
}
