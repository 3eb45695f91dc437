import type { Settings } from '../settings/settings.ts';
import type { Connections } from '../storage/connections.ts';
import type { Credentials } from '../storage/credentials.ts';
import type { PublishedTokens } from '../storage/published-tokens.ts';
import type { RescueBucket } from '../storage/rescue-bucket.ts';

/** The settings and the storage that each function's construct takes its permissions from. */
export interface FunctionProps {
  readonly settings: Settings;
  readonly connections: Connections;
  readonly credentials: Credentials;
  readonly publishedTokens: PublishedTokens;
  readonly rescueBucket: RescueBucket;
}
