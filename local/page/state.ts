import { DEFAULT_APP, N8N } from '../../lambdas/contract.ts';
import type { ConnectionView } from '../../lambdas/tokens/connection-view.ts';
import { isUnlinked } from '../../lambdas/tokens/reader-view.ts';
import { typographic } from '../../lambdas/web/page-template.ts';
import type { Breakage } from '../breakage.ts';
import type { LocalStack } from '../local-stack.ts';
import type { ZoomCall } from '../sample-n8n.ts';
import { listConnections, type ShownConnection, withTokens } from '../snapshot.ts';
import { exportLines, speedText } from '../terminal.ts';
import { type N8nSees, n8nSees } from './n8n-sees.ts';
import { type Query, select } from './selection.ts';
import { type ShownEvent, shownEvents } from './shown-events.ts';

/** The data of the page. Timestamps are epoch seconds of the local clock. */
export interface State {
  now: number;
  speed: number;
  speedText: string;
  /** The name of the Zoom whose consent page opens. */
  zoom: string;
  /** The `export` lines with which another program reads the same secrets. */
  environment: string;
  /** The place of the expression in n8n. */
  n8nHint: string;
  /** Whether the user connection `main` can be made and does not exist yet. */
  connectable: boolean;
  /** The state of the switches; `undefined` with a real Zoom, which cannot be broken. */
  breakage: Breakage | undefined;
  list: ReturnType<typeof select>['list'];
  /** The connections of the page that the query selects. */
  connections: (ShownConnection & { sees: N8nSees; isUnlinked: boolean; calls: readonly ZoomCall[] })[];
  /** The newest first. */
  events: ShownEvent[];
}

export async function stateOf(stack: LocalStack, query: Query): Promise<State> {
  const now = stack.now();
  const all = (await listConnections(stack)).map((connection) => {
    const calls = stack.n8n.callsOf(connection.connection);
    return {
      ...connection,
      ...lastErrorOf(connection),
      calls,
      sees: n8nSees(connection, now, calls.at(-1)?.withUs),
      isUnlinked: isUnlinked(connection),
    };
  });
  const { list, selected } = select(all, query);
  const { hostname } = new URL(stack.zoomUrl);
  return {
    now,
    speed: stack.speed,
    speedText: speedText(stack.speed),
    zoom: hostname === 'localhost' ? 'the local Zoom' : hostname,
    environment: exportLines(stack.environment).join('\n'),
    n8nHint: `In n8n, open the credential of the type ${N8N.credentialType} and paste the expression into the field ${N8N.field}. (${N8N.deprecation})`,
    connectable: stack.apps.includes(DEFAULT_APP) && !all.some(({ connection }) => connection === 'main'),
    breakage: stack.zoom?.breakage,
    list,
    connections: await withTokens(stack, selected),
    events: shownEvents(
      stack.journal.entries,
      new Set(all.filter(({ place }) => place === 'none').map(({ connection }) => connection)),
    ),
  };
}

/** Returns the last error with the quotation marks of a page. */
const lastErrorOf = ({ lastError }: ConnectionView) =>
  lastError && {
    lastError: {
      ...lastError,
      message: typographic(lastError.message),
      action: typographic(lastError.action),
    },
  };
