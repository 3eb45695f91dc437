import type { Connection } from './connection.ts';
import { Failure } from './errors.ts';
import type { ZoomApp } from './vault.ts';

/** The fields of a connection that tell which app obtained its tokens. */
export type Owned = Pick<Connection, 'connection' | 'app' | 'grantType' | 'clientId'>;

/** Only the app that obtained a refresh token can use it; a Server-to-Server app has none. */
export const isOwnApp = ({ grantType, clientId }: Owned, app: ZoomApp): boolean =>
  grantType === 'account_credentials' || clientId === undefined || clientId === app.clientId;

export function otherApp({ connection, app }: Owned): Failure {
  return new Failure(
    'misconfigured',
    'other_app',
    `The credentials of the app "${app}" belong to another Zoom app than the one that made "${connection}".`,
    `Restore the client id and secret: npx zoom-tokens setup ${app}. To move to the new app: npx zoom-tokens connect ${connection}`,
  );
}
