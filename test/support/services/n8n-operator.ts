import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import type { Functions } from './handlers.ts';
import type { startN8n } from './n8n-server.ts';

interface Linked {
  connection: ConnectionView;
  credentialId: string;
  created: boolean;
}

/** The requests of an operator who links connections to the n8n `office`. */
export const createN8nOperator = (functions: Functions, office: Awaited<ReturnType<typeof startN8n>>) => {
  const requestFor = (connection: string, changed: object = {}) => ({
    action: 'n8n-link',
    connection,
    instance: 'office',
    url: office.url,
    apiKey: office.n8n.apiKey,
    ...changed,
  });
  return {
    requestFor,
    connectServer: (connection: string) =>
      functions.granted({ action: 'connect', connection, app: 'reports' }),
    link: (connection: string, changed?: object) =>
      functions.granted<Linked>(requestFor(connection, changed)),
    unlink: (connection: string, instance = 'office') =>
      functions.granted<{ connection: ConnectionView }>({ action: 'n8n-unlink', connection, instance }),
  };
};
