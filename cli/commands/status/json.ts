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
  let isOpen = false;
  try {
    for await (const page of statusPages(parameters, operator, most)) {
      const { connections, unreadable: damaged = [], next: _, ...first } = page;
      const rows = connections.map((view) => JSON.stringify(view)).join(',\n');
      const start = isOpen ? '' : `${JSON.stringify(first).slice(0, -1)},"connections":[`;
      const comma = isOpen && rows !== '' ? ',' : '';
      await output.writeJson(`${start}${comma}\n${rows}`);
      isOpen = true;
      unreadable.push(...damaged);
      statuses.push(exitStatusOfPage(page, parameters.states));
    }
  } catch (error) {
    if (!isOpen) throw error;
    await output.writeJson(`],\n${JSON.stringify(failureDocument(error)).slice(1)}\n`);
    return exitStatusOfError(error);
  }
  await output.writeJson(`]${unreadable.length > 0 ? `,"unreadable":${JSON.stringify(unreadable)}` : ''}}\n`);
  return mostSevere(statuses);
}
