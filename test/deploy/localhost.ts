import dns from 'node:dns';

/**
 * Names under `localhost` are this machine (RFC 6761 section 6.3). Browsers know it, and a system's resolver need not,
 * so this process is told: the emulator gives each API such a name.
 */
export function answerLocalhost(): void {
  const lookup = dns.lookup as (hostname: string, ...rest: unknown[]) => void;
  dns.lookup = ((hostname: string, ...rest: unknown[]) =>
    lookup(hostname.endsWith('.localhost') ? 'localhost' : hostname, ...rest)) as typeof dns.lookup;
}
