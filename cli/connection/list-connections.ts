import type { OpenLink, OperatorResults } from '../../lambdas/operator-protocol.ts';
import { MAX_OVERVIEW } from '../../lambdas/operator-protocol.ts';
import type { OperatorClient, RequestParameters } from '../operator-client.ts';

type StatusParameters = RequestParameters['status'];

/** A page of connections, and the links that wait, where they were asked for. */
export type StatusPage = OperatorResults['status'] & {
  links?: OpenLink[];
  /** Whether an app or a part of a name was asked for, of which the counts are. */
  isFiltered?: boolean;
};

/** Requests a page of connections, or one connection, and the links that wait for them. */
export async function requestStatus(
  parameters: StatusParameters,
  operator: OperatorClient,
): Promise<StatusPage & { links: OpenLink[] }> {
  const { connection, app, search } = parameters;
  const [status, { links }] = await Promise.all([
    operator.request('status', parameters),
    operator.request('links', {}),
  ]);
  return {
    ...status,
    links: links.filter((link) => connection === undefined || link.connection === connection),
    ...((app !== undefined || search !== undefined) && { isFiltered: true }),
  };
}

/**
 * Yields the connections page by page, so that a fleet of any size needs little memory. With
 * `alertTopic`, the first page has the links that wait.
 * @param most connections to yield; all by default
 */
export async function* statusPages(
  parameters: Omit<StatusParameters, 'connection' | 'after' | 'limit'>,
  operator: OperatorClient,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<StatusPage> {
  const { alertTopic, ...list } = parameters;
  let left = most;
  let page: StatusPage | undefined;
  do {
    const limit = Math.min(left, MAX_OVERVIEW);
    page =
      page === undefined && alertTopic
        ? await requestStatus({ ...list, alertTopic, limit }, operator)
        : await operator.request('status', {
            ...list,
            limit,
            ...(page?.next !== undefined && { after: page.next }),
          });
    left -= page.connections.length;
    yield page;
  } while (page.next !== undefined && left > 0);
}
