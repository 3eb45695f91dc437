interface Cookie {
  name: string;
  value: string;
  path: string;
  secure: boolean;
}

export interface CookieJar {
  /** Stores the cookies that a response from `url` sets. */
  keep(url: URL, headers: Headers): void;
  /** Returns the Cookie header for a request to `url`. */
  header(url: URL): string;
}

/**
 * Creates a cookie jar that follows RFC 6265: cookies belong to a host and a path, whatever the port. As in browsers,
 * `localhost` counts as secure, and Expires is measured from the response's own Date.
 */
export function createCookieJar(): CookieJar {
  const hosts = new Map<string, Cookie[]>();
  return {
    keep(url, headers) {
      const date = Date.parse(headers.get('date') ?? '') || Date.now();
      for (const line of headers.getSetCookie()) {
        const { cookie, expired } = parse(line, url, date);
        const otherCookies = (hosts.get(url.hostname) ?? []).filter(
          ({ name, path }) => name !== cookie.name || path !== cookie.path,
        );
        hosts.set(url.hostname, expired ? otherCookies : [...otherCookies, cookie]);
      }
    },
    header(url) {
      const secure = url.protocol === 'https:' || url.hostname === 'localhost';
      return (hosts.get(url.hostname) ?? [])
        .filter((cookie) => pathMatches(url.pathname, cookie.path) && (secure || !cookie.secure))
        .sort((one, other) => other.path.length - one.path.length)
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
    },
  };
}

function parse(line: string, url: URL, date: number): { cookie: Cookie; expired: boolean } {
  const [pair = '', ...attributes] = line.split(';').map(split);
  const read = (wanted: string) => attributes.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const path = read('path');
  const maxAge = read('max-age');
  const expires = read('expires');
  return {
    cookie: {
      name: pair[0] as string,
      value: pair[1] as string,
      path: path?.startsWith('/') ? path : url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/',
      secure: read('secure') !== undefined,
    },
    // RFC 6265 5.3: Max-Age wins over Expires.
    expired: maxAge === undefined ? Date.parse(expires ?? '') <= date : Number(maxAge) <= 0,
  };
}

function split(part: string): [name: string, value: string] {
  const at = part.indexOf('=');
  return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

/** RFC 6265 5.1.4 */
function pathMatches(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
