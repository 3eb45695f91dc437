import type { Node } from 'constructs';

/** What a deployment may choose. */
export interface Settings {
  /** Prefix of the names of functions and secrets: `<name>-rotate`, `<name>/key`. */
  readonly name: string;
  /** Origin of Zoom's OAuth endpoints. */
  readonly zoomOauthUrl: string;
  /** Origin of Zoom's API. */
  readonly zoomApiUrl: string;
}

const DEFAULTS: Settings = {
  name: 'zoom-token-refresher',
  zoomOauthUrl: 'https://zoom.us',
  zoomApiUrl: 'https://api.zoom.us',
};

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The settings in the context of `cdk.json` or of `-c key=value`, with the defaults for those that are not there.
 * @throws {Error} that names the context key whose value is wrong
 */
export function settingsFromContext(node: Node): Settings {
  return settings({
    name: node.tryGetContext('name'),
    zoomOauthUrl: node.tryGetContext('zoomOauthUrl'),
    zoomApiUrl: node.tryGetContext('zoomApiUrl'),
  });
}

/** @throws {Error} that names the setting whose value is wrong */
export function settings(given: { readonly [key in keyof Settings]?: unknown }): Settings {
  return {
    name: name(given.name ?? DEFAULTS.name),
    zoomOauthUrl: origin('zoomOauthUrl', given.zoomOauthUrl ?? DEFAULTS.zoomOauthUrl),
    zoomApiUrl: origin('zoomApiUrl', given.zoomApiUrl ?? DEFAULTS.zoomApiUrl),
  };
}

// With the longest suffix it fits a function's 64 characters, and it is a valid stack name.
function name(value: unknown): string {
  if (typeof value === 'string' && /^[a-z][a-z0-9-]{0,39}$/.test(value)) return value;
  throw wrong('name', 'must be 1 to 40 of a-z, 0-9 and "-", the first a letter', value);
}

function origin(key: 'zoomOauthUrl' | 'zoomApiUrl', value: unknown): string {
  if (typeof value === 'string' && URL.canParse(value)) {
    const url = new URL(value);
    // Credentials go there: never in the clear, except on this very machine.
    const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
    if (isSafe && value === url.origin) return value;
  }
  throw wrong(key, `must be an https origin with nothing after the host, such as ${DEFAULTS[key]}`, value);
}

function wrong(key: string, rule: string, value: unknown): Error {
  return new Error(
    `"${key}" ${rule}, but it is ${JSON.stringify(value)}. ` +
      `Correct it in the context of cdk.json, or give it with -c ${key}=…`,
  );
}
