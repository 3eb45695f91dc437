import type { Settings } from '../settings/settings.ts';
import type { Connections } from '../storage/connections.ts';
import type { Credentials } from '../storage/credentials.ts';
import type { N8nAccess } from '../storage/published-tokens.ts';
import type { RescueBucket } from '../storage/rescue-bucket.ts';

/** What a capability with a function is built on. */
export interface CapabilityProps {
  readonly settings: Settings;
  readonly connections: Connections;
  readonly credentials: Credentials;
  readonly n8nAccess: N8nAccess;
  readonly rescueBucket: RescueBucket;
}
