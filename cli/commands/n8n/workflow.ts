import { createHash } from 'node:crypto';
import type { Credential } from './vault.ts';

/** Where n8n's canvas places things. */
const [COLUMN, ROW] = [240, 200];

/**
 * A workflow that tries each credential: *Who am I?* reads `/users/me`, which the Zoom node has no operation for, with
 * n8n's HTTP Request node and the same credential; then the Zoom node itself lists meetings. That needs a scope of its
 * own, so its failure does not fail the run. A credential that n8n does not know by its id it finds by its name.
 */
export function workflow(credentials: Credential[], zoomApiUrl: string) {
  // The Zoom node knows no other host; a stand-in on loopback is reached as that one, through a proxy.
  const apiUrl = zoomApiUrl.startsWith('https:') ? zoomApiUrl : 'https://api.zoom.us';
  const names = credentials.map(({ connection }) => connection).join(', ');
  const trigger = 'When clicking ‘Execute workflow’';
  const nodes = credentials.flatMap(({ connection, name, id }, row) => {
    const use = { credentials: { zoomApi: { id, name } } };
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
        ...use,
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
        ...use,
      },
    ];
  });
  const to = (name: string) => ({ node: name, type: 'main', index: 0 });
  return {
    id: hash(names).slice(0, 16),
    name: `Zoom tokens: who am I? (${names})`,
    active: false,
    nodes: [{ ...node(trigger, 'n8n-nodes-base.manualTrigger', 1, 0, 0), parameters: {} }, ...nodes],
    connections: {
      [trigger]: { main: [credentials.map(({ connection }) => to(`Who am I? (${connection})`))] },
      ...Object.fromEntries(
        credentials.map(({ connection }) => [
          `Who am I? (${connection})`,
          { main: [[to(`My meetings (${connection})`)]] },
        ]),
      ),
    },
    settings: { executionOrder: 'v1' },
  };
}

function node(name: string, type: string, typeVersion: number, column: number, row: number) {
  return { id: uuid(name), name, type, typeVersion, position: [column * COLUMN, row * ROW] };
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** The same at each writing, so that a file under version control changes only with its content. */
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
