import { BlockList, isIP } from 'node:net';
import { Failure, isLoopback } from '../../lambdas/operator-protocol.ts';

type Environment = Record<string, string | undefined>;

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * Returns the proxy for a request to `target`, by the rules of the AWS CLI: `HTTPS_PROXY` for https, `HTTP_PROXY` for
 * http, none for a host in `NO_PROXY`. The lower-case name takes precedence, and `http://` is the default scheme.
 * https://github.com/boto/botocore/blob/develop/botocore/httpsession.py
 * Unlike the AWS CLI, a request over plain HTTP to this machine never takes the proxy: the endpoints of `npm start`
 * exist here alone.
 * @throws {Failure} `misconfigured` for a proxy that is no http or https URL
 */
export function proxyFor(target: URL, environment: Environment = process.env): URL | undefined {
  if (target.protocol === 'http:' && isLoopback(target.hostname)) return undefined;
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = setting(name, environment);
  if (value === '' || bypassesProxy(target, setting('NO_PROXY', environment))) return undefined;
  return parseProxy(name, value);
}

const setting = (name: string, environment: Environment): string =>
  (environment[name.toLowerCase()] ?? environment[name] ?? '').trim();

function parseProxy(name: string, value: string): URL {
  const absolute = value.startsWith('//') ? `http:${value}` : value;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(absolute) ? absolute : `http://${absolute}`;
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol) && isDecodable(`${url.username}${url.password}`)) return url;
  }
  // The value may hold a password.
  throw new Failure(
    'misconfigured',
    'proxy_failed',
    `The value of ${name} is not the URL of an HTTP proxy.`,
    `Set it in the form ${name}=http://user:password@proxy.example.com:3128, with special characters percent-encoded. SOCKS proxies are not supported.`,
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns whether `NO_PROXY` lists the target. As in Python's `proxy_bypass_environment`, which the AWS CLI uses, an
 * entry matches the host itself and its subdomains, with or without a leading dot, and may have a port. Entries such as
 * `10.0.0.0/8` and `*.example.com` are accepted too: other tools on the same machine read them.
 */
function bypassesProxy({ protocol, hostname, port }: URL, noProxy: string): boolean {
  const host = withoutBrackets(hostname.toLowerCase()).replace(/\.$/, '');
  const hostAndPort = `${hostname.toLowerCase()}:${port || DEFAULT_PORTS[protocol]}`;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*' || isInSubnet(host, entry)) return true;
      const name = entry.replace(/^\*?\.+/, '');
      return [host, hostAndPort].some(
        (candidate) =>
          candidate === withoutBrackets(name) || candidate === name || candidate.endsWith(`.${name}`),
      );
    });
}

function isInSubnet(host: string, entry: string): boolean {
  const [network = '', prefix = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const subnet = new BlockList();
  subnet.addSubnet(network, Number(prefix), type);
  return subnet.check(host, type);
}

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1');
