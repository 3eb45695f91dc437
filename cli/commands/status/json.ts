import type { BundleRoom } from '../../../lambdas/operator-protocol.ts';
import { statusPages } from '../../connection/list-connections.ts';
import { exitStatusOfError, failureDocument } from '../../errors.ts';
import type { RequestParameters } from '../../operator-client.ts';
import type { Session } from '../../session.ts';
import { exitStatusOfPage, mostSevere } from './list.ts';

/**
 * Prints the connections as one JSON document while they arrive, one a line. A failure after the first page becomes the
 * document's `error`, so that it stays valid.
 * @returns the exit status
 */
export async function printListAsJson(
  parameters: RequestParameters['status'],
  most: number | undefined,
  { operator, output }: Session,
): Promise<number> {
  const statuses: number[] = [];
  const unreadable: object[] = [];
  const bundles = new Map<string, BundleRoom>();
  let isOpen = false;
  try {
    for await (const page of statusPages(parameters, operator, most)) {
      const {
        connections,
        unreadable: damaged = [],
        bundles: rooms = [],
        next: _,
        isFiltered: __,
        ...first
      } = page;
      const rows = connections.map(output.toJson).join(',\n');
      const start = isOpen ? '' : `${output.toJson(first).slice(0, -1)},"connections":[`;
      const comma = isOpen && rows !== '' ? ',' : '';
      await output.writeJson(`${start}${comma}\n${rows}`);
      isOpen = true;
      unreadable.push(...damaged);
      for (const room of rooms) bundles.set(room.bundle, room);
      statuses.push(exitStatusOfPage(page, parameters.states));
    }
  } catch (error) {
    if (!isOpen) throw error;
    await output.writeJson(`],\n${output.toJson(failureDocument(error)).slice(1)}\n`);
    return exitStatusOfError(error);
  }
  const rest = Object.entries({ unreadable, bundles: [...bundles.values()] })
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `,"${name}":${output.toJson(list)}`);
  await output.writeJson(`]${rest.join('')}}\n`);
  return mostSevere(statuses);
}
