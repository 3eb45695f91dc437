import { Failure } from '../../lambdas/operator-protocol.ts';

/** Node's report of a connection that failed. */
export interface SystemError extends Error {
  code?: string;
  /** Set when a host name does not resolve. */
  hostname?: string;
  port?: number;
  /** Status of the proxy's response to CONNECT. */
  statusCode?: number;
  /** One for each address of the host. */
  errors?: SystemError[];
}

/**
 * Returns the failure for an error of the proxy; `undefined` for an error of the target. The address in the error
 * distinguishes a connection to the proxy from one to the target.
 */
export function proxyFailure(error: SystemError, target: URL, proxy: URL): Failure | undefined {
  const { code = '', hostname, port, errors = [], statusCode } = error;
  if (code === 'ERR_PROXY_TUNNEL') return proxyRefusal(statusCode, target, proxy);
  const proxyPort = Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80));
  if (hostname === proxy.hostname || [port, ...errors.map((each) => each.port)].includes(proxyPort)) {
    return proxyUnreachable(code, proxy);
  }
  return undefined;
}

function proxyUnreachable(code: string, proxy: URL): Failure {
  const problem =
    code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'does not resolve' : 'did not accept the connection';
  return new Failure(
    'retry',
    'proxy_failed',
    `The proxy ${proxy.host} ${problem} (${code}).`,
    'Check that the proxy runs and that HTTPS_PROXY or HTTP_PROXY names it. NO_PROXY lists the hosts that need no proxy.',
  );
}

/** @param status of the proxy's response; `undefined` without one */
export function proxyRefusal(status: number | undefined, target: URL, proxy: URL): Failure {
  if (status === 407) {
    return new Failure(
      'misconfigured',
      'proxy_failed',
      proxy.username === ''
        ? `The proxy ${proxy.host} demands a user name and a password (407).`
        : `The proxy ${proxy.host} did not accept the user name and password in its URL (407).`,
      `Set them in the proxy's URL, with special characters percent-encoded: ${proxyVariable(target)}=${proxy.protocol}//user:password@${proxy.host}`,
    );
  }
  const response = status === undefined ? 'did not respond to CONNECT' : `responded with ${status}`;
  const isLasting = status !== undefined && status >= 400 && status < 500;
  return new Failure(
    isLasting ? 'misconfigured' : 'retry',
    'proxy_failed',
    `The proxy ${proxy.host} did not connect to ${target.host}: it ${response}.`,
    `Ask the administrator of the proxy to allow ${target.host}. If that host needs no proxy, add it to NO_PROXY.`,
  );
}

/** Returns the name of the variable with the proxy for a target. */
const proxyVariable = ({ protocol }: URL): string => (protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
