import type { OpenLink } from '../../lambdas/operator-protocol.ts';
import { formatUntil } from '../terminal/time.ts';

const STATES: Record<OpenLink['state'], string> = {
  waiting: 'not opened yet',
  opened: 'opened, not finished at Zoom yet',
  in_progress: 'being finished',
  key_replaced: 'ended by a key rotation; make it anew: npx zoom-tokens connect --renew-links',
};

/** Lines of links below a list of connections, which they must not push out of sight. */
const MAX_LINKS = 20;

/**
 * Returns the links that wait, a line each, of at most twenty.
 * @param now by the installation's clock, epoch seconds
 */
export function formatOpenLinks(links: OpenLink[], now: number): string {
  const lines = links.slice(0, MAX_LINKS).map((link) => `  ${formatLink(link, now)}, ${STATES[link.state]}`);
  const more = links.length - MAX_LINKS;
  if (more > 0) lines.push(`  ${more} more. List all with --json.`);
  return ['Links that wait:', ...lines].join('\n');
}

/** Returns the connection of a link, and until when it can be used. */
export const formatLink = (
  { connection, expiresAt }: Pick<OpenLink, 'connection' | 'expiresAt'>,
  now: number,
): string => `${connection}: until ${formatUntil(expiresAt, now)}`;
