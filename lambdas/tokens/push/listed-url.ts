import { ANY_LOOPBACK, isLoopback } from '../../contract.ts';
import type { N8nInstance } from '../apis/n8n.ts';
import type { Push } from '../dependencies.ts';
import { Failure, type FailureClass } from '../errors.ts';

/** Returns whether tokens may be pushed to an n8n: whoever deploys lists where, since whoever operates could choose any. */
const isListed = ({ url }: Pick<N8nInstance, 'url'>, { urls }: Pick<Push, 'urls'>): boolean =>
  urls.includes(url) || (urls.includes(ANY_LOOPBACK) && isLoopback(new URL(url).hostname));

/** @throws {Failure} `n8n_url_not_listed` with the line to add */
export function assertListed(
  instance: Pick<N8nInstance, 'url'>,
  port: Pick<Push, 'urls'>,
  failureClass: FailureClass,
): void {
  if (isListed(instance, port)) return;
  const { url } = instance;
  throw new Failure(
    failureClass,
    'n8n_url_not_listed',
    `This deployment does not push tokens to ${url}: its setting n8nUrls does not list it.`,
    listing([...port.urls, url]),
  );
}

/** Returns what to do so that tokens may be pushed to these addresses. */
export const listing = (urls: readonly string[]): string =>
  `Whoever deploys adds it to the context in cdk.json: "n8nUrls": ${JSON.stringify(urls)} Then deploy: npx cdk deploy`;
