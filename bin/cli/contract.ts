import type { OperatorResults } from '../../lambdas/protocol.ts';
import type { ConnectionView } from '../../lambdas/tokens/control.ts';

/** What the command line sends with each action. */
export interface Requests {
  about: object;
  link: { connection: string; app?: string; replaceUser?: boolean };
  connect: { connection: string; app?: string };
  status: { connection?: string };
  rotate: { connection: string };
  disconnect: { connection: string; force?: boolean };
}

/** What each action answers. */
export type Results = Pick<OperatorResults, 'link' | 'connect' | 'status' | 'rotate'> & {
  about: About;
  disconnect: {
    connection: ConnectionView;
    /** Zoom has ended its tokens too. */
    revoked: boolean;
    /** Until then the published secret can be restored. Absent: there is none any more. */
    secretDeletedAt?: number;
  };
};

/** The installation, as a person must know it. */
export interface About {
  version: string;
  name: string;
  now: number;
  publicUrl: string;
  redirectUrl: string;
  eventsUrl: string;
  zoomOauthUrl: string;
  zoomApiUrl: string;
  appSecretPrefix: string;
}

/** An n8n credential that is told each new token. */
interface Target {
  instance: string;
  credentialId: string;
  /** The last version that n8n has taken; 0 before the first. */
  pushedVersion: number;
  /** Consecutive failures. */
  failures: number;
  lastError?: NonNullable<ConnectionView['lastError']>;
}

/** Where a connection's tokens are pushed to; nowhere unless linked. */
export const targetsOf = (view: ConnectionView & { targets?: Target[] }): Target[] => view.targets ?? [];
