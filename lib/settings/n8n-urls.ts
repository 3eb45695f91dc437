import { normalN8nUrl } from '../../lambdas/contract.ts';
import { itemsOf, listOf, type Rule } from './rules.ts';

/** The functions hold them in an environment variable, and all of those have 4 KB. */
const MOST_URLS = 10;
const MOST_CHARACTERS = 100;

/** Hosts, as `URL.hostname` writes them, at which a function on Lambda would find itself. */
const OWN_HOSTS = /^(localhost|.+\.localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\])$/;

const address: Rule<string> = {
  expects: `an https address of at most ${MOST_CHARACTERS} characters without user, query and fragment, and not of the function's own machine, such as https://n8n.example.com`,
  read(value) {
    const url = typeof value === 'string' ? normalN8nUrl(value) : undefined;
    if (url === undefined || url.length > MOST_CHARACTERS) return undefined;
    const { protocol, hostname } = new URL(url);
    return protocol === 'https:' && !OWN_HOSTS.test(hostname) ? url : undefined;
  },
};

const addresses = listOf(address, MOST_URLS);

/** Addresses of n8n, each without a slash at its end. An empty text is an empty list. */
export const n8nUrlsRule: Rule<readonly string[]> = {
  ...addresses,
  read: (value) => addresses.read(itemsOf(value)?.filter((item) => item !== '')),
};
