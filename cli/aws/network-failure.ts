import { Failure, requestFailure, tlsProblem } from '../../lambdas/operator-protocol.ts';
import { proxyFailure, type SystemError } from '../network/proxy-failure.ts';
import { isKnownRegion, regionUnknown } from './regions.ts';

/**
 * Converts an error of Node's HTTP client into a failure with a message and an action for a person. The failure's
 * `cause` is the error: from it the AWS SDK concludes whether to retry.
 * @param target of the request
 * @param proxy that the request takes
 * @returns a `Failure`, or the value itself when it is no error of the network
 */
export function networkFailure(error: unknown, target: URL, proxy: URL | undefined): unknown {
  if (!(error instanceof Error) || error instanceof Failure || error.name === 'AbortError') return error;
  const failure = toNetworkFailure(error, target, proxy);
  if (failure === undefined) return error;
  failure.cause = error;
  return failure;
}

function toNetworkFailure(error: SystemError, target: URL, proxy: URL | undefined): Failure | undefined {
  const { code = '' } = error;
  const region = regionOf(target.hostname);
  const isUnresolved = code === 'ENOTFOUND' || code === 'EAI_AGAIN';
  // A proxy resolves the name itself, and refuses the tunnel when it cannot.
  const mayBeUnresolved = code === 'ERR_PROXY_TUNNEL' && error.statusCode !== 407;
  if (region !== undefined && !isKnownRegion(region)) {
    if (mayBeUnresolved || (isUnresolved && error.hostname !== proxy?.hostname)) return regionUnknown(region);
  }
  const ofProxy = proxy && proxyFailure(error, target, proxy);
  if (ofProxy) return ofProxy;
  if (requestFailure(error).kind === 'tls') return tlsFailure(error, target, proxy);
  if (isUnresolved) {
    return unreachable(
      `AWS is unreachable: ${target.hostname} does not resolve (${code}).`,
      'Check the network and the name server of this machine. If only a proxy leads out of your network, set HTTPS_PROXY.',
    );
  }
  if (UNREACHABLE.has(code)) {
    return unreachable(
      `AWS is unreachable (${code}).`,
      `Nothing responds at ${target.host}. ${CHECK_NETWORK}`,
    );
  }
  if (/did not establish a connection/.test(error.message)) {
    return unreachable(
      `AWS is unreachable: ${target.host} did not accept a connection in time.`,
      CHECK_NETWORK,
    );
  }
  if (CLOSED.has(code)) {
    return new Failure(
      'retry',
      'aws_timeout',
      `The connection to ${target.host} was closed before the response arrived (${code}). The request may still have succeeded.`,
      'Check the result with npx zoom-tokens status before you retry.',
    );
  }
  return undefined;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENETDOWN']);
const CLOSED = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

const CHECK_NETWORK =
  'Check the network and proxy (HTTPS_PROXY, NO_PROXY), the Region (--region), and any AWS_ENDPOINT_URL variable that you have set.';

const unreachable = (message: string, action: string) =>
  new Failure('retry', 'aws_unreachable', message, action);

/** Returns the Region in the host name of an AWS endpoint. */
const regionOf = (hostname: string): string | undefined =>
  /^[\w.-]+\.([\w-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|amazonaws\.eu)$/.exec(hostname)?.[1];

function tlsFailure(error: Error, target: URL, proxy: URL | undefined): Failure {
  // Node does not say at which of the two the handshake failed.
  const host = proxy?.protocol === 'https:' ? `${proxy.host} or ${target.hostname}` : target.hostname;
  return new Failure(
    'misconfigured',
    'aws_tls',
    `No trusted connection to AWS: ${tlsProblem(requestFailure(error).code, host)}.`,
    'If your network inspects TLS, save the certificate of its CA as a PEM file, and name the file in NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE.',
  );
}

/**
 * Returns the failure for a response that AWS did not send, such as the sign-in page of a guest network; `undefined` for
 * any other response. Every service that the command line uses returns JSON or XML, and never redirects. A 5xx of a load
 * balancer may be HTML.
 */
export function interceptedResponse(
  { statusCode, headers }: { statusCode: number; headers: Record<string, string> },
  target: URL,
): Failure | undefined {
  const isRedirect = statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
  const isPage = /html/i.test(headers['content-type'] ?? '') && (statusCode < 500 || statusCode === 511);
  if (headers['x-amzn-requestid'] !== undefined || !(isRedirect || isPage)) return undefined;
  return intercepted(target.host, `${statusCode}, ${isRedirect ? 'a redirect' : 'a web page'}`);
}

/** @param response what came in place of AWS's, for a person */
export function intercepted(host: string, response: string): Failure {
  return new Failure(
    'misconfigured',
    'aws_intercepted',
    `The response from ${host} is not from AWS (${response}).`,
    'If this network has a sign-in page, open a browser and sign in. If it has a proxy, set HTTPS_PROXY. If you have set an AWS_ENDPOINT_URL variable, check it.',
  );
}
