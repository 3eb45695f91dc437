import { appRemoved } from './app-removed.ts';
import { backlogWithDead } from './backlog-with-dead.ts';
import { bundleVersions } from './bundle-versions.ts';
import { falseRefusal } from './false-refusal.ts';
import { indexLag } from './index-lag.ts';
import { misconfiguredBlip } from './misconfigured-blip.ts';
import { oldTokenDiesLater } from './old-token-dies-later.ts';
import { rateLimited } from './rate-limited.ts';
import { restoredTable } from './restored-table.ts';
import { revokedWords } from './revoked-words.ts';
import type { Scenario } from './scenario.ts';
import { slowN8n } from './slow-n8n.ts';
import { slowNeighbour } from './slow-neighbour.ts';
import { storeDown } from './store-down.ts';
import { urgentFirst } from './urgent-first.ts';

/** All scenarios, as `npm run simulate -- --scenario <name>` knows them. */
export const SCENARIOS: Scenario[] = [
  appRemoved,
  backlogWithDead,
  indexLag,
  falseRefusal,
  revokedWords,
  misconfiguredBlip,
  rateLimited,
  oldTokenDiesLater,
  restoredTable,
  storeDown,
  urgentFirst,
  slowNeighbour,
  slowN8n,
  bundleVersions,
];
