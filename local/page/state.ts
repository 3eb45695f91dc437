import { DEFAULT_APP, N8N } from '../../lambdas/contract.ts';
import type { Breakage } from '../breakage.ts';
import type { Entry } from '../journal.ts';
import type { LocalStack } from '../local-stack.ts';
import { type ShownConnection, snapshot } from '../snapshot.ts';
import { exportLines, speedText } from '../terminal.ts';

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
  connections: ShownConnection[];
  /** The newest first. */
  events: { event: string; at: number; connection: string; text: string }[];
}

const MAX_EVENTS = 20;

export async function stateOf(stack: LocalStack): Promise<State> {
  const connections = await snapshot(stack);
  const { hostname } = new URL(stack.zoomUrl);
  return {
    now: stack.now(),
    speed: stack.speed,
    speedText: speedText(stack.speed),
    zoom: hostname === 'localhost' ? 'the local Zoom' : hostname,
    environment: exportLines(stack.environment).join('\n'),
    n8nHint: `In n8n, open the credential of the type ${N8N.credentialType} and paste the expression into the field ${N8N.field}. (${N8N.deprecation})`,
    connectable:
      stack.apps.includes(DEFAULT_APP) && !connections.some(({ connection }) => connection === 'main'),
    breakage: stack.zoom?.breakage,
    connections,
    events: stack.journal.entries.slice(-MAX_EVENTS).reverse().map(shownEvent),
  };
}

function shownEvent(entry: Entry): State['events'][number] {
  const { event, at, connection } = entry;
  return { event, at, connection: String(connection ?? ''), text: eventText(entry) };
}

function eventText({ event, message, text, version }: Entry): string {
  if (event === 'connected') return `Zoom issued the first tokens, stored as version ${version}.`;
  if (event === 'rotated') return `Zoom issued new tokens, stored as version ${version}.`;
  if (event === 'alerted') return 'The alert was sent.';
  if (event === 'published') return `n8n reads the access token of version ${version}.`;
  return text === undefined ? String(message ?? '') : `${message}\n${text}`;
}
