import { ROUTES } from '../../../lambdas/contract.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { fetchThroughProxy } from '../../network/fetch.ts';
import { interruption } from '../../terminal/interruption.ts';
import { type Finding, well, wrong } from './finding.ts';

const TIMEOUT_MS = 10_000;

/**
 * Requests the link page without a link ticket, as a browser would. The installation's own page that refuses the
 * request proves that the URL works. A redirect is reported and not followed: Zoom's authorization response would be
 * lost in it.
 */
export async function redirectFinding(publicUrl: string): Promise<Finding> {
  const { host } = new URL(publicUrl);
  try {
    const response = await fetchThroughProxy(`${publicUrl}${ROUTES.link}`, {
      redirect: 'manual',
      signal: AbortSignal.any([interruption, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return responseFinding(response, publicUrl, host);
  } catch (error) {
    interruption.throwIfAborted();
    return networkFinding(error, host);
  }
}

function responseFinding(response: Response, publicUrl: string, host: string): Finding {
  const { status, headers } = response;
  // Every page of the installation has this content security policy, error pages included.
  const isOwnPage = headers.get('content-security-policy')?.includes("default-src 'none'") ?? false;
  if (isOwnPage && status === 400) {
    return well('redirect', `${publicUrl}${ROUTES.callback} is reachable from this machine.`);
  }
  const location = headers.get('location');
  if (location !== null) {
    const target = URL.canParse(location, publicUrl)
      ? new URL(location, publicUrl).origin
      : 'another address';
    return wrong(
      'redirect',
      `${host} redirects browsers to ${target} (${status}), so Zoom's authorization response would be lost.`,
      `A sign-in page, proxy or CDN stands before the API. Let ${ROUTES.link} and ${ROUTES.callback} pass through it.`,
    );
  }
  if (status >= 500) {
    return wrong(
      'redirect',
      `The callback function is reachable, but it fails (${status}).`,
      'Read its log: see docs/runbook.md#callback-errors.',
    );
  }
  return wrong(
    'redirect',
    `${host} responds with ${status}, and not with a page of this installation.`,
    "Check that the name leads to this API. A custom domain must point to the stack's output DomainTarget.",
  );
}

/** `fetch` puts the code of the system or of the TLS library into the error's cause. */
function networkFinding(error: unknown, host: string): Finding {
  if (error instanceof Failure) return wrong('redirect', error.message, error.action);
  const { name, cause } = error as Error & { cause?: { code?: string } };
  const code = cause?.code ?? name;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return wrong(
      'redirect',
      `${host} does not resolve (${code}).`,
      "Create the DNS record of your domain, to the stack's output DomainTarget, and check this machine's name server.",
    );
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return wrong(
      'redirect',
      `The certificate of ${host} is not accepted (${code}).`,
      'Check that the certificate in ACM names this domain and is valid. For a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to its CA.',
    );
  }
  return wrong(
    'redirect',
    `${host} is unreachable from this machine (${code}).`,
    'Check the network and proxy of this machine, and that the stack is deployed. Browsers take the same route.',
  );
}
