import dns from 'node:dns';

/**
 * Makes this process resolve names under `localhost` to this machine (RFC 6761 section 6.3), as browsers do. A system's
 * resolver may not, and the emulator gives each API such a name.
 */
export function resolveLocalhostNames(): void {
  const lookup = dns.lookup as (hostname: string, ...rest: unknown[]) => void;
  dns.lookup = ((hostname: string, ...rest: unknown[]) =>
    lookup(hostname.endsWith('.localhost') ? 'localhost' : hostname, ...rest)) as typeof dns.lookup;
}
