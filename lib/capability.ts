import type { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import type { N8nAccess } from './n8n-access.ts';
import type { Settings } from './settings.ts';

/** What a capability with a function is built on. */
export interface CapabilityProps {
  readonly settings: Settings;
  readonly connections: Connections;
  readonly credentials: Credentials;
  readonly n8nAccess: N8nAccess;
}
