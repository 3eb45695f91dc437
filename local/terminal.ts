import type { Entry } from './journal.ts';
import type { ShownConnection } from './snapshot.ts';
import type { LocalStack } from './stack.ts';

/** Writes what happens: text for a person, or one JSON object a line. */
export interface Terminal {
  say(text: string): void;
  entry(entry: Entry): void;
  /** After a publication, at that instant: what n8n reads now. */
  published(connection: ShownConnection, at: number): void;
  emit(event: object): void;
}

export function createTerminal(json: boolean, write: (text: string) => void): Terminal {
  const emit = (event: object) => {
    if (json) write(`${JSON.stringify(event)}\n`);
  };
  const line = (at: number, connection: string, event: string, details: string) => {
    if (!json) write(`${clockTime(at)}  ${connection.padEnd(10)} ${event.padEnd(10)} ${details}\n`);
  };
  return {
    say(text) {
      if (!json) write(`${text}\n`);
    },
    emit,
    entry({ event, at, connection = '', ...details }) {
      // Shown by `published`, which knows more.
      if (event === 'published') return;
      emit({ event, at: instant(at), connection, ...details });
      line(at, String(connection), event, describe(details));
      if (details.text !== undefined && !json) write(`${indented(String(details.text))}\n`);
    },
    published({ connection, dueAt, validUntil, version, expression, maskedToken }, at) {
      emit({
        event: 'published',
        at: instant(at),
        connection,
        version,
        validUntil: instant(validUntil),
        nextRotation: instant(dueAt),
        expression,
        maskedToken,
      });
      const next = `valid until ${clockTime(validUntil)}, next rotation ${clockTime(dueAt)}`;
      line(at, connection, 'published', `${expression} = ${maskedToken}, ${next}`);
    },
  };
}

/** The first lines: what is where, and what to do. */
export function banner(
  stack: Pick<LocalStack, 'publicUrl' | 'zoomUrl' | 'environment' | 'apps' | 'speed'>,
): string {
  const connect = stack.apps.includes('default')
    ? [`Connect "main" in a browser:   ${stack.publicUrl}/link/main`]
    : ['No user app has credentials, so there is nothing to connect in a browser.'];
  return [
    '',
    'zoom-token-refresher, on this machine. Ctrl-C ends it.',
    '',
    `See it live:                   ${stack.publicUrl}/`,
    ...connect,
    `Redirect URL of the user app:  ${stack.publicUrl}/callback`,
    `Zoom:                          ${stack.zoomUrl}`,
    `Time runs ${pace(stack.speed)}.`,
    '',
    'The command line, and any other program, sees the same with',
    ...exportLines(stack.environment).map((line) => `  ${line}`),
    'in another terminal. Then, for example: npx zoom-tokens status',
    '',
  ].join('\n');
}

/** The environment as a shell takes it. */
export const exportLines = (environment: Record<string, string>) =>
  Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);

/** How fast the local clock is, in words. */
export const pace = (speed: number) =>
  speed === 1 ? 'in real time' : `${speed} times as fast: an hour takes ${Math.round(3600 / speed)} s`;

const clockTime = (at: number) => new Date(at * 1000).toISOString().slice(11, 19);
const instant = (at: number) => new Date(at * 1000).toISOString();

function describe({ message, generation, version, code }: Omit<Entry, 'event' | 'at'>): string {
  if (message !== undefined) return code === undefined ? String(message) : `${message} (${code})`;
  return generation === undefined ? '' : `generation ${generation}, version ${version}`;
}

const indented = (text: string) => text.replace(/^(?=.)/gm, '          ');
