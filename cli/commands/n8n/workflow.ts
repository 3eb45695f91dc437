import { createHash } from 'node:crypto';
import type { N8nCredential } from './vault.ts';

/** Distances between nodes on n8n's canvas, pixels. */
const [COLUMN_WIDTH, ROW_HEIGHT] = [240, 200];

/**
 * Returns a workflow that tests each credential. *Who am I?* reads `/users/me` with n8n's HTTP Request node, because the
 * Zoom node has no operation for it. *My meetings* then lists meetings with the Zoom node. That needs another scope, so
 * its failure does not stop the run. n8n finds a credential by its id, or by its name when the id is `null`.
 */
export function createWorkflow(credentials: N8nCredential[], zoomApiUrl: string) {
  // The Zoom node has this host built in. Tests route it to a local Zoom through a proxy.
  const apiUrl = zoomApiUrl.startsWith('https:') ? zoomApiUrl : 'https://api.zoom.us';
  const names = credentials.map(({ connection }) => connection).join(', ');
  const trigger = 'When clicking ‘Execute workflow’';
  const nodes = credentials.flatMap(({ connection, name, id }, row) => {
    const usedCredential = { credentials: { zoomApi: { id, name } } };
    return [
      {
        ...node(`Who am I? (${connection})`, 'n8n-nodes-base.httpRequest', 4.2, 1, row),
        parameters: {
          method: 'GET',
          url: `${apiUrl}/v2/users/me`,
          authentication: 'predefinedCredentialType',
          nodeCredentialType: 'zoomApi',
          options: {},
        },
        ...usedCredential,
      },
      {
        ...node(`My meetings (${connection})`, 'n8n-nodes-base.zoom', 1, 2, row),
        parameters: {
          authentication: 'accessToken',
          resource: 'meeting',
          operation: 'getAll',
          returnAll: false,
          limit: 5,
          filters: {},
        },
        onError: 'continueRegularOutput',
        ...usedCredential,
      },
    ];
  });
  const connectionTo = (name: string) => ({ node: name, type: 'main', index: 0 });
  return {
    id: hash(names).slice(0, 16),
    name: `Zoom tokens: who am I? (${names})`,
    active: false,
    nodes: [{ ...node(trigger, 'n8n-nodes-base.manualTrigger', 1, 0, 0), parameters: {} }, ...nodes],
    connections: {
      [trigger]: { main: [credentials.map(({ connection }) => connectionTo(`Who am I? (${connection})`))] },
      ...Object.fromEntries(
        credentials.map(({ connection }) => [
          `Who am I? (${connection})`,
          { main: [[connectionTo(`My meetings (${connection})`)]] },
        ]),
      ),
    },
    settings: { executionOrder: 'v1' },
  };
}

function node(name: string, type: string, typeVersion: number, column: number, row: number) {
  return { id: uuid(name), name, type, typeVersion, position: [column * COLUMN_WIDTH, row * ROW_HEIGHT] };
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** Returns a UUID that depends on the name alone, so that a file in version control changes only with its content. */
function uuid(name: string): string {
  const hex = hash(name);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
