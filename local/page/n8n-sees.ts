import { isDisconnected } from '../../lambdas/tokens/connection.ts';
import type { ConnectionView } from '../../lambdas/tokens/connection-view.ts';
import { readerView } from '../../lambdas/tokens/reader-view.ts';

/** What n8n sees of a connection: a few words and their tone. */
export interface N8nSees {
  tone: 'good' | 'warn' | 'bad' | 'off';
  text: string;
}

const UNAUTHORIZED = 401;

/**
 * Returns what n8n sees at `now` (epoch seconds). It is good only while Zoom accepts n8n's token and nothing keeps this
 * program from replacing it in time.
 * @param lastStatus Zoom's response to n8n's last request, where there was one
 */
export function n8nSees(connection: ConnectionView, now: number, lastStatus: number | undefined): N8nSees {
  const view = readerView(connection, now);
  if (isDisconnected(connection)) return { tone: 'off', text: 'Disconnected' };
  if (view.n8nHolds === 'nothing') return { tone: 'bad', text: 'No token yet' };
  if (view.n8nHolds === 'expired') return { tone: 'bad', text: `Expired ${duration(now - view.since)} ago` };
  if (lastStatus === UNAUTHORIZED) return { tone: 'bad', text: 'Zoom refuses n8n’s request' };
  const left = duration(view.until - now);
  const isWell = connection.status === 'active' && !connection.lastError;
  return isWell
    ? { tone: 'good', text: `Works, ${left} left` }
    : { tone: 'warn', text: `Runs out in ${left}` };
}

/** Returns the seconds in whole units, such as `40 s` or `31 min`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
