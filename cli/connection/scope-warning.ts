import { type ConnectionView, missingScopes } from '../../lambdas/operator-protocol.ts';
import { paint } from '../terminal/output.ts';

/** Returns a warning about the scopes that Zoom did not grant; empty where none is missing or none is known. */
export function scopeWarning(view: ConnectionView): string[] {
  const missing = missingScopes(view);
  if (missing === undefined) return [];
  const action =
    view.grantType === 'account_credentials'
      ? `add the scopes to the Zoom app, then request a new token: zoom-tokens rotate ${view.connection}`
      : `add the scopes to the Zoom app, then connect again: zoom-tokens connect ${view.connection}`;
  return [`${paint('yellow', '!')} ${missing}\n  If your workflows use these operations, ${action}.`];
}
