import type { Bundles } from './bundles.ts';
import type { Connections } from './connections.ts';
import type { Disconnections } from './disconnections.ts';
import type { Links } from './links.ts';
import type { ReplacedTokensStore } from './replaced-tokens.ts';
import type { SealedItems } from './sealed-items.ts';
import type { AppNotes, SweepNotes } from './sweep-notes.ts';
import type { UserClaims } from './user-claims.ts';

/** All that the domain stores. */
export interface ConnectionStore
  extends Connections,
    Disconnections,
    UserClaims,
    SweepNotes,
    AppNotes,
    Bundles,
    ReplacedTokensStore,
    SealedItems,
    Links {}
