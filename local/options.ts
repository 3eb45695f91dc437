import { parseArgs } from 'node:util';
import type { LocalStackOptions } from './stack.ts';

/** At this speed a user connection rotates after 25 seconds, a Server-to-Server one after 15. */
const DEFAULT_SPEED = 120;
/** Above this a step takes longer than its lease. */
const FASTEST = 600;
const DEFAULT_PORT = 8787;

export const HELP = `Runs zoom-token-refresher on this machine, with a Zoom, a Secrets Manager, a DynamoDB and an SNS of its own.

  npm start                        until Ctrl-C; an hour passes in half a minute
  npm start -- --once              the whole journey without a person, then exit 0 if every token was accepted

Options (after "--")
  --once           consent, rotate twice, read as n8n does, call Zoom's API; moves its clock instead of waiting
  --json           one JSON object a line instead of text
  --speed <n>      how many times as fast time runs, 1 to ${FASTEST} (default ${DEFAULT_SPEED}; 60 lets an hour pass in a minute)
  --port <n>       of the page and the API (default ${DEFAULT_PORT}); the five ports after it are taken too; 0 for any free
  --zoom <origin>  a real Zoom, https://zoom.us, in real time. Credentials from the environment:
                     ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET                          a user app (General app)
                     ZOOM_S2S_CLIENT_ID, ZOOM_S2S_CLIENT_SECRET, ZOOM_S2S_ACCOUNT_ID   a Server-to-Server OAuth app
                     ZOOM_API_URL                                                default https://api.zoom.us
  --help           this text
`;

export interface Options extends Pick<LocalStackOptions, 'speed' | 'port' | 'zoom'> {
  once: boolean;
  json: boolean;
}

/** Wrong arguments; the message is for the person who typed them. */
export class UsageError extends Error {}

/**
 * Reads the arguments; `undefined` asks for the help text.
 * @throws {UsageError}
 */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const once = values.once ?? false;
  if (once && values.zoom)
    throw new UsageError('--once presses Allow by itself, which only the local Zoom permits.');
  if (values.zoom && values.speed)
    throw new UsageError('--speed cannot hurry a real Zoom: leave one of the two out.');
  const zoom = values.zoom === undefined ? undefined : realZoom(values.zoom, environment);
  return {
    once,
    json: values.json ?? false,
    speed: zoom || once ? 1 : number('--speed', values.speed ?? String(DEFAULT_SPEED), 1, FASTEST),
    port: number('--port', values.port ?? String(once ? 0 : DEFAULT_PORT), 0, 65_531),
    ...(zoom && { zoom }),
  };
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

function number(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${option} takes a whole number from ${least} to ${most}, not "${text}".`);
}

function realZoom(oauthUrl: string, environment: NodeJS.ProcessEnv): LocalStackOptions['zoom'] {
  if (!URL.canParse(oauthUrl) || new URL(oauthUrl).protocol !== 'https:') {
    throw new UsageError(`--zoom takes an origin such as https://zoom.us, not "${oauthUrl}".`);
  }
  const user = credentials('ZOOM_', environment);
  const server = credentials('ZOOM_S2S_', environment);
  const accountId = environment.ZOOM_S2S_ACCOUNT_ID;
  if (server && !accountId) throw new UsageError('ZOOM_S2S_ACCOUNT_ID is missing in the environment.');
  if (!user && !server) {
    throw new UsageError(
      'No credentials in the environment: set ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, or ZOOM_S2S_CLIENT_ID, ZOOM_S2S_CLIENT_SECRET and ZOOM_S2S_ACCOUNT_ID.',
    );
  }
  return {
    oauthUrl: new URL(oauthUrl).origin,
    apiUrl: environment.ZOOM_API_URL ?? 'https://api.zoom.us',
    apps: {
      ...(user && { default: user }),
      ...(server && accountId && { reports: { ...server, account_id: accountId } }),
    },
  };
}

function credentials(prefix: string, environment: NodeJS.ProcessEnv) {
  const [id, secret] = [environment[`${prefix}CLIENT_ID`], environment[`${prefix}CLIENT_SECRET`]];
  if (!id && !secret) return undefined;
  if (!id || !secret)
    throw new UsageError(`${prefix}CLIENT_${id ? 'SECRET' : 'ID'} is missing in the environment.`);
  return { client_id: id, client_secret: secret };
}
