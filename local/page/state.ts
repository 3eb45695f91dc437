import type { Breakage } from '../breakage.ts';
import type { Entry } from '../journal.ts';
import { type ShownConnection, snapshot } from '../snapshot.ts';
import type { LocalStack } from '../stack.ts';
import { exportLines, pace } from '../terminal.ts';

/** What the page shows; instants are epoch seconds of the local clock. */
export interface State {
  now: number;
  speed: number;
  /** The speed in words. */
  pace: string;
  /** Whose consent page it is. */
  zoom: string;
  /** What another program needs to read the same secrets. */
  environment: string;
  /** The user connection `main` waits for its consent. */
  connectable: boolean;
  /** What is broken now; nothing can be broken where Zoom is the real one. */
  trouble: Breakage | undefined;
  connections: ShownConnection[];
  /** The newest first. */
  events: { event: string; at: number; connection: string; text: string }[];
}

const SHOWN_EVENTS = 20;

export async function stateOf(stack: LocalStack): Promise<State> {
  const connections = await snapshot(stack);
  const { hostname } = new URL(stack.zoomUrl);
  return {
    now: stack.now(),
    speed: stack.speed,
    pace: pace(stack.speed),
    zoom: hostname === 'localhost' ? 'the local Zoom' : hostname,
    environment: exportLines(stack.environment).join('\n'),
    connectable:
      stack.apps.includes('default') && !connections.some(({ connection }) => connection === 'main'),
    trouble: stack.zoom?.trouble,
    connections,
    events: stack.journal.entries.slice(-SHOWN_EVENTS).reverse().map(shown),
  };
}

function shown(entry: Entry): State['events'][number] {
  const { event, at, connection } = entry;
  return { event, at, connection: String(connection ?? ''), text: inWords(entry) };
}

function inWords({ event, message, text, version }: Entry): string {
  if (event === 'connected') return `Zoom gave tokens, stored as version ${version}.`;
  if (event === 'rotated') return `Zoom gave new tokens, stored as version ${version}.`;
  if (event === 'alerted') return 'A person was told.';
  if (event === 'published') return `n8n reads the access token of version ${version}.`;
  return text === undefined ? String(message ?? '') : `${message}\n${text}`;
}
