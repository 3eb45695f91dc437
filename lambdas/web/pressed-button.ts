import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Failure } from '../tokens/errors.ts';

/** `Sec-Fetch-Site` of the page's own form, and of a request that a person repeats by hand. https://www.w3.org/TR/fetch-metadata/ */
const OWN_SITE = new Set(['same-origin', 'none']);

/**
 * Refuses a request that another site's page made. Browsers send `Sec-Fetch-Site`; Safari before 16.4 sends `Origin` alone,
 * which is `null` because the page sends no referrer. A request that says nothing is none of another site: some gateways
 * remove both headers, and the person behind one must be able to consent.
 * https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 * https://fetch.spec.whatwg.org/#append-a-request-origin-header
 * @throws {Failure} `rejected` (`not_pressed`)
 */
export function assertPressedButton(
  { headers }: Pick<APIGatewayProxyEventV2, 'headers'>,
  publicUrl: string,
): void {
  const { 'sec-fetch-site': site, origin } = headers;
  const isOwn = site ? OWN_SITE.has(site) : !origin || ['null', new URL(publicUrl).origin].includes(origin);
  if (isOwn) return;
  throw new Failure(
    'rejected',
    'not_pressed',
    'This request did not come from the button on the page of the link, so the link was not used.',
    'Open the link in a current browser, and press the button there.',
  );
}
