import { interruption } from '../../terminal/interruption.ts';
import { type Finding, well, wrong } from './finding.ts';

const TIMEOUT_MS = 10_000;

/**
 * Opens the API as a browser would, without a ticket: our own page that says so is the right answer. What leads
 * elsewhere is not followed, since Zoom's redirect would not arrive.
 */
export async function redirectFinding(publicUrl: string): Promise<Finding> {
  const { host } = new URL(publicUrl);
  try {
    const response = await fetch(`${publicUrl}/connect`, {
      redirect: 'manual',
      signal: AbortSignal.any([interruption, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return answered(response, publicUrl, host);
  } catch (error) {
    interruption.throwIfAborted();
    return unreachable(error, host);
  }
}

function answered(response: Response, publicUrl: string, host: string): Finding {
  const { status, headers } = response;
  // Of our pages, whatever they say, each forbids everything that it does not need.
  const isOurs = headers.get('content-security-policy')?.includes("default-src 'none'") ?? false;
  if (isOurs && status === 400) return well('redirect', `${publicUrl}/callback is reached from here.`);
  const location = headers.get('location');
  if (location !== null) {
    const target = URL.canParse(location, publicUrl) ? new URL(location, publicUrl).origin : 'elsewhere';
    return wrong(
      'redirect',
      `${host} sends a browser on to ${target} (${status}), so Zoom's answer would be lost.`,
      'Something stands before the API: a sign-in, a proxy or a CDN. Let /connect and /callback pass it.',
    );
  }
  if (status >= 500) {
    return wrong(
      'redirect',
      `The callback function is reached, and fails (${status}).`,
      'See docs/runbook.md#callback-errors: its log tells the reason.',
    );
  }
  return wrong(
    'redirect',
    `${host} answers ${status}, and not with a page of this installation.`,
    'Does the name lead to this API? A domain of your own must point to the stack’s output DomainTarget.',
  );
}

/** By the system's or the TLS library's code; `fetch` hides it in the cause. */
function unreachable(error: unknown, host: string): Finding {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  const code = cause?.code ?? name;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return wrong(
      'redirect',
      `DNS knows no ${host} (${code}).`,
      'Make the DNS record of your domain, to the stack’s output DomainTarget, and check the name server of this machine.',
    );
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return wrong(
      'redirect',
      `The certificate of ${host} is not accepted (${code}).`,
      'Does the certificate in ACM name this domain, and is it valid? A proxy that opens TLS needs its CA in NODE_EXTRA_CA_CERTS.',
    );
  }
  return wrong(
    'redirect',
    `${host} cannot be reached from here (${code}).`,
    'Check the network and proxy of this machine, and that the stack is deployed. Browsers need the way that was tried.',
  );
}
