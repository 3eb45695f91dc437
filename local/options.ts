import { parseArgs } from 'node:util';
import { DEFAULT_APP } from '../lambdas/contract.ts';
import { blockedPort } from './blocked-ports.ts';
import type { LocalStackOptions } from './local-stack.ts';

/** At this speed a user connection rotates after 25 real seconds, a Server-to-Server connection after 15. */
const DEFAULT_SPEED = 120;
/** Above this speed a rotation takes longer than its lease. */
const MAX_SPEED = 600;
const DEFAULT_PORT = 8787;
/** The stack takes this port and the five after it. */
const MAX_PORT = 65_530;
/** The options and the values that they take, apart from `--help`, which npm answers itself. */
const OPTIONS = { once: '', json: '', speed: '<n>', port: '<n>', zoom: '<origin>' };

export const HELP = `Runs zoom-token-refresher on this machine, with a local Zoom, Secrets Manager, DynamoDB, S3 and SNS.

  npm start                        runs until Ctrl-C; an hour of the local clock takes half a minute
  npm start -- --once              connects, rotates and reads tokens without user input, then exits with status 0
                                   if Zoom accepted every token that n8n read

Options (after "--")
  --once           connect, rotate twice, read as n8n does, call Zoom's API; moves the local clock instead of waiting
  --json           write one JSON object a line instead of text
  --speed <n>      speed of the local clock: 1 (real time) to ${MAX_SPEED} times real time (default ${DEFAULT_SPEED}; at 60 an hour takes a minute)
  --port <n>       port of the page and the API (default ${DEFAULT_PORT}); the five ports after it are used too; 0 uses any free ports
  --zoom <origin>  use a real Zoom, such as https://zoom.us, in real time, with credentials from the environment:
                     ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET                          a user app (General app)
                     ZOOM_S2S_CLIENT_ID, ZOOM_S2S_CLIENT_SECRET, ZOOM_S2S_ACCOUNT_ID   a Server-to-Server OAuth app
                     ZOOM_API_URL                                                default https://api.zoom.us
  --help           show this text
`;

export interface Options extends Pick<LocalStackOptions, 'speed' | 'port' | 'zoom'> {
  once: boolean;
  json: boolean;
}

/** Wrong arguments or a missing environment variable. The message says which, for the user who typed the command. */
export class UsageError extends Error {}

/**
 * Parses the arguments. Returns `undefined` for `--help`.
 * @throws {UsageError}
 */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): Options | undefined {
  refuseOptionsOfNpm(environment);
  const { values } = parse(args);
  if (values.help) return undefined;
  const once = values.once ?? false;
  if (once && values.zoom)
    throw new UsageError(
      '--once cannot be used with --zoom: it presses Allow by itself, which works only at the local Zoom.',
    );
  if (once && values.speed)
    throw new UsageError(
      '--speed cannot be used with --once, which moves the local clock instead of waiting.',
    );
  if (values.zoom && values.speed)
    throw new UsageError(
      '--speed cannot be used with --zoom: a real Zoom runs in real time. Remove one of the two.',
    );
  const zoom = values.zoom === undefined ? undefined : readRealZoom(values.zoom, environment);
  return {
    once,
    json: values.json ?? false,
    speed: zoom || once ? 1 : parseInteger('--speed', values.speed ?? String(DEFAULT_SPEED), 1, MAX_SPEED),
    port: parsePort(values.port ?? String(once ? 0 : DEFAULT_PORT)),
    ...(zoom && { zoom }),
  };
}

/**
 * Refuses an option that was typed before `--`: npm keeps it, and sets an environment variable instead. The program
 * would run without it.
 */
function refuseOptionsOfNpm(environment: NodeJS.ProcessEnv): void {
  const taken = Object.entries(OPTIONS).flatMap(([option, placeholder]) => {
    const value = environment[`npm_config_${option}`];
    if (!value) return [];
    // Of `--port 9000`, npm keeps "true", and the number is an argument that belongs to no option.
    const typed = placeholder !== '' && value !== 'true' ? value : placeholder;
    return { option: `--${option}`, typed: `--${option} ${typed}`.trim() };
  });
  if (taken.length === 0) return;
  throw new UsageError(
    `npm took ${taken.map(({ option }) => option).join(', ')} for itself. Type "--" before the options: npm start -- ${taken.map(({ typed }) => typed).join(' ')}`,
  );
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        once: { type: 'boolean' },
        json: { type: 'boolean' },
        speed: { type: 'string' },
        port: { type: 'string' },
        zoom: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseInteger(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}, not "${text}".`);
}

function parsePort(text: string): number {
  const port = parseInteger('--port', text, 0, MAX_PORT);
  const blocked = port === 0 ? undefined : blockedPort(port);
  if (blocked === undefined) return port;
  throw new UsageError(
    `--port ${port} cannot be used: browsers refuse to open port ${blocked}, which the stack needs. Choose another, such as 9000.`,
  );
}

function readRealZoom(oauthUrl: string, environment: NodeJS.ProcessEnv): LocalStackOptions['zoom'] {
  if (!URL.canParse(oauthUrl) || new URL(oauthUrl).protocol !== 'https:') {
    throw new UsageError(`--zoom must be an https origin such as https://zoom.us, not "${oauthUrl}".`);
  }
  const user = readCredentials('ZOOM_', environment);
  const server = readCredentials('ZOOM_S2S_', environment);
  const accountId = environment.ZOOM_S2S_ACCOUNT_ID;
  if (server && !accountId)
    throw new UsageError(
      'The environment variable ZOOM_S2S_ACCOUNT_ID is missing. Set it to the account ID of the Server-to-Server app.',
    );
  if (!user && !server) {
    throw new UsageError(
      '--zoom needs the credentials of a Zoom app. Set ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or ZOOM_S2S_CLIENT_ID, ZOOM_S2S_CLIENT_SECRET and ZOOM_S2S_ACCOUNT_ID, in the environment.',
    );
  }
  return {
    oauthUrl: new URL(oauthUrl).origin,
    apiUrl: environment.ZOOM_API_URL ?? 'https://api.zoom.us',
    apps: {
      ...(user && { [DEFAULT_APP]: user }),
      ...(server && accountId && { reports: { ...server, account_id: accountId } }),
    },
  };
}

function readCredentials(prefix: string, environment: NodeJS.ProcessEnv) {
  const [id, secret] = [environment[`${prefix}CLIENT_ID`], environment[`${prefix}CLIENT_SECRET`]];
  if (!id && !secret) return undefined;
  if (!id || !secret)
    throw new UsageError(
      `The environment variable ${prefix}CLIENT_${id ? 'SECRET' : 'ID'} is missing. Set both the client ID and the client secret.`,
    );
  return { client_id: id, client_secret: secret };
}
