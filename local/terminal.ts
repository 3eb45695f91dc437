import { DEFAULT_APP } from '../lambdas/contract.ts';
import { nextRotation } from '../lambdas/tokens/reader-view.ts';
import type { Entry } from './journal.ts';
import type { LocalStack } from './local-stack.ts';
import type { ShownConnection } from './snapshot.ts';

/** The output of `npm start`: text for a reader or, with `--json`, one JSON object a line. */
export interface Terminal {
  /** Writes a text. Writes nothing with `--json`. */
  writeText(text: string): void;
  /** Writes an event as JSON. Writes nothing without `--json`. */
  writeJson(event: object): void;
  /** Writes an entry of the journal, except a publication: `writePublication` knows more of it. */
  writeEntry(entry: Entry): void;
  /** Writes what n8n reads after the publication at `at`, epoch seconds. */
  writePublication(connection: ShownConnection, at: number): void;
}

export function createTerminal(json: boolean, write: (text: string) => void): Terminal {
  const writeJson = (event: object) => {
    if (json) write(`${JSON.stringify(event)}\n`);
  };
  const writeLine = (at: number, connection: string, event: string, details: string) => {
    if (!json) write(`${clockTime(at)}  ${connection.padEnd(10)} ${event.padEnd(10)} ${details}\n`);
  };
  return {
    writeText(text) {
      if (!json) write(`${text}\n`);
    },
    writeJson,
    writeEntry({ event, at, connection = '', ...details }) {
      if (event === 'published') return;
      writeJson({ event, at: timestamp(at), connection, ...details });
      writeLine(at, String(connection), event, detailsText(details));
      if (details.text !== undefined && !json) write(`${indented(String(details.text))}\n`);
    },
    writePublication(shown, at) {
      const { connection, validUntil, version, expression, maskedToken } = shown;
      const rotation = nextRotation(shown);
      writeJson({
        event: 'published',
        at: timestamp(at),
        connection,
        version,
        validUntil: timestamp(validUntil),
        nextRotation: timestamp(rotation),
        expression,
        maskedToken,
      });
      const next = `valid until ${clockTime(validUntil)}, next rotation ${clockTime(rotation)}`;
      writeLine(at, connection, 'published', `${expression} = ${maskedToken}, ${next}`);
    },
  };
}

/** Returns the first lines of `npm start`: the addresses, the speed of the clock, and the first steps. */
export function startupText(
  stack: Pick<LocalStack, 'publicUrl' | 'zoomUrl' | 'environment' | 'apps' | 'speed'>,
): string {
  const connect = stack.apps.includes(DEFAULT_APP)
    ? [`Connect "main" in a browser:   ${stack.publicUrl}/link/main`]
    : ['No user app has credentials, so no connection can be made in a browser.'];
  return [
    '',
    'zoom-token-refresher runs on this machine. Stop it with Ctrl-C.',
    '',
    `Live page:                     ${stack.publicUrl}/`,
    ...connect,
    `Redirect URL of the user app:  ${stack.publicUrl}/callback`,
    `Zoom:                          ${stack.zoomUrl}`,
    `The local clock runs ${speedText(stack.speed)}. Its times below are UTC.`,
    '',
    'To use the command line or an AWS SDK with this stack, run these lines in another terminal:',
    ...exportLines(stack.environment).map((line) => `  ${line}`),
    'Then run, for example: npx zoom-tokens status',
    '',
  ].join('\n');
}

/**
 * Returns the environment variables as `export` lines for a shell. The AWS SDK for JavaScript would prefer the profile of
 * that shell to the credentials among them.
 */
export const exportLines = (environment: Record<string, string>) => [
  ...Object.entries(environment).map(([name, value]) => `export ${name}=${value}`),
  'unset AWS_PROFILE',
];

/** Returns the speed of the local clock as text, such as `120 times as fast as real time: an hour takes 30 s`. */
export const speedText = (speed: number) =>
  speed === 1
    ? 'in real time'
    : `${speed} times as fast as real time: an hour takes ${Math.round(3600 / speed)} s`;

const clockTime = (at: number) => timestamp(at).slice(11, 19);
const timestamp = (at: number) => new Date(at * 1000).toISOString();

function detailsText({ message, action, generation, version, code }: Omit<Entry, 'event' | 'at'>): string {
  if (action !== undefined) return String(action);
  if (message !== undefined) return code === undefined ? String(message) : `${message} (${code})`;
  return generation === undefined ? '' : `generation ${generation}, version ${version}`;
}

const indented = (text: string) => text.replace(/^(?=.)/gm, '          ');
