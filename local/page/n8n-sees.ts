import { isDisconnected } from '../../lambdas/tokens/connection.ts';
import type { ConnectionView } from '../../lambdas/tokens/connection-view.ts';
import { isUnlinked, readerView } from '../../lambdas/tokens/reader-view.ts';

/** A connection as n8n sees it: a few words and their tone. */
export interface N8nSees {
  tone: 'good' | 'warn' | 'bad' | 'off';
  text: string;
}

const OK = 200;
const UNAUTHORIZED = 401;

/**
 * Returns what n8n sees at `now` (epoch seconds). It is good only while n8n's calls succeed and nothing keeps this program
 * from replacing the token in time.
 * @param lastStatus Zoom's HTTP status of n8n's last call, 0 without a response; `undefined` where n8n has made none
 */
export function n8nSees(connection: ConnectionView, now: number, lastStatus: number | undefined): N8nSees {
  const view = readerView(connection, now);
  if (isDisconnected(connection)) return { tone: 'off', text: 'Disconnected' };
  if (isUnlinked(connection)) return { tone: 'warn', text: 'Reaches no n8n' };
  if (view.n8nHolds === 'nothing') return { tone: 'bad', text: 'No token yet' };
  if (view.n8nHolds === 'expired') return { tone: 'bad', text: `Expired ${duration(now - view.since)} ago` };
  if (lastStatus === UNAUTHORIZED) return { tone: 'bad', text: 'Zoom refuses n8n’s request' };
  const left = duration(view.until - now);
  const isWell = connection.status === 'active' && !connection.lastError;
  if (lastStatus !== undefined && lastStatus !== OK) {
    const token = isWell ? `token good for ${left}` : `token runs out in ${left}`;
    return { tone: 'warn', text: `${failedCall(lastStatus)}; ${token}` };
  }
  return isWell
    ? { tone: 'good', text: `Works, ${left} left` }
    : { tone: 'warn', text: `Runs out in ${left}` };
}

/** Returns how n8n's last call failed, through no fault of its token. */
const failedCall = (status: number) =>
  status === 0 ? 'n8n’s last call got no response' : `n8n’s last call failed: ${status}`;

/** Returns the seconds in whole units, such as `40 s` or `31 min`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
