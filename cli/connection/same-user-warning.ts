import type { ConnectionView } from '../../lambdas/operator-protocol.ts';
import { paint } from '../terminal/output.ts';

/**
 * Returns a warning for each Zoom user who has several connections of one app. It happens when Zoom could not say at a consent
 * who consented.
 */
export function sameUserWarnings(views: ConnectionView[]): string[] {
  const named = views.filter((view) => view.status !== 'disconnected' && view.zoomUserId !== undefined);
  const byUser = Map.groupBy(named, ({ app, zoomUserId }) => `${app} ${zoomUserId}`);
  return [...byUser.values()].filter((same) => same.length > 1).map(warning);
}

function warning(same: ConnectionView[]): string {
  const newest = same.reduce((one, other) => (other.consentedAt > one.consentedAt ? other : one));
  const others = same.filter((view) => view !== newest).map(({ connection }) => connection);
  const names = same.map(({ connection }) => `"${connection}"`).join(' and ');
  return `${paint('yellow', '!')} ${names} were connected by the same Zoom user. Zoom keeps the tokens of the last consent, which is "${newest.connection}".\n  Disconnect the other: ${others.map((name) => `zoom-tokens disconnect ${name}`).join('; ')}.`;
}
