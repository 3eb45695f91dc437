import type { OpenLink } from '../../lambdas/operator-protocol.ts';
import { formatUntil } from '../terminal/time.ts';

const STATES: Record<OpenLink['state'], string> = {
  waiting: 'not opened yet',
  opened: 'opened, not finished at Zoom yet',
  in_progress: 'being finished',
  key_replaced: 'ended by a key rotation; make it anew: npx zoom-tokens connect --renew-links',
};

/**
 * Returns the links that wait, a line each.
 * @param now by the installation's clock, epoch seconds
 */
export function formatOpenLinks(links: OpenLink[], now: number): string {
  const lines = links.map((link) => `  ${formatLink(link, now)}, ${STATES[link.state]}`);
  return ['Links that wait:', ...lines].join('\n');
}

/** Returns the connection of a link, and until when it can be used. */
export const formatLink = (
  { connection, expiresAt }: Pick<OpenLink, 'connection' | 'expiresAt'>,
  now: number,
): string => `${connection}: until ${formatUntil(expiresAt, now)}`;
