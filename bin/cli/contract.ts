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
  check: { apps?: string[] };
  /** At most 20. */
  probe: { connections: string[] };
  'n8n-link': {
    connection: string;
    instance: string;
    url: string;
    apiKey: string;
    credentialId?: string;
    credentialName?: string;
  };
  'n8n-unlink': { connection: string; instance: string };
}

/** What each action answers. */
export type Results = Pick<OperatorResults, 'link' | 'connect' | 'status' | 'rotate' | 'check' | 'probe'> & {
  about: About;
  disconnect: {
    connection: ConnectionView;
    /** Zoom has ended its tokens too. */
    revoked: boolean;
    /** Until then the published secret can be restored. Absent: there is none any more. */
    secretDeletedAt?: number;
  };
  /** `created`: the credential is new in n8n, and the workflows need it. */
  'n8n-link': { connection: View; credentialId: string; created: boolean };
  'n8n-unlink': { connection: View };
};

/** The installation, as a person must know it. */
export type About = OperatorResults['about'];

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

/** A connection, with where its tokens are pushed to. */
export type View = ConnectionView & { targets?: Target[] };

/** Where a connection's tokens are pushed to; nowhere unless linked. */
export const targetsOf = (view: View): Target[] => view.targets ?? [];
