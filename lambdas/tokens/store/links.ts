import type { FailureDetails } from '../errors.ts';
import type { Place } from '../publication/place.ts';
import type { Cursor } from './pages.ts';

/** How the consent of a link ended. `at` in epoch seconds. Neither holds a secret. */
export type ConsentEnd =
  | { kind: 'connected'; connection: string; at: number }
  | { kind: 'failed'; error: FailureDetails; at: number };

/** A callback's claim on the one use of a consent's authorization code. */
interface ConsentClaim {
  owner: string;
  /** When the claiming function has ended at the latest, epoch seconds. */
  until: number;
}

/** A link as its maker wants it. Timestamps are epoch seconds. */
export interface NewLink {
  id: string;
  connection: string;
  app: string;
  /** Whether a different Zoom user may take the connection over. */
  replaceUser: boolean;
  /** Whether its maker consents, who reads what to paste into n8n. */
  forMe: boolean;
  /** The place of a new connection; a connection that exists keeps its own. */
  place?: Place;
  /** Id of the key that signed its ticket. */
  keyId: string;
  createdAt: number;
  expiresAt: number;
}

/** A link as it is stored. It holds no ticket. */
export interface StoredLink extends NewLink {
  /** When a browser went to Zoom with it. */
  usedAt?: number;
  claim?: ConsentClaim;
  end?: ConsentEnd;
}

interface LinkPage {
  links: StoredLink[];
  next?: Cursor;
}

/** The links by their ids, with the outcome of the consent of each. */
export interface Links {
  /** @param keepUntil when the link may be deleted, epoch seconds */
  createLink(link: NewLink, keepUntil: number): Promise<void>;

  /** Returns the link, strongly consistent; `undefined` without one. */
  link(id: string): Promise<StoredLink | undefined>;

  /**
   * Records the one use of a link. Returns false if it was used before, has ended or does not exist. A retry of the same
   * request by the SDK counts as one use.
   * @param until when the consent must be complete, epoch seconds
   */
  redeemLink(id: string, usedAt: number, until: number): Promise<boolean>;

  /**
   * Claims the consent. Returns false if it is claimed, has ended or has no link. A retry of the same request by the SDK
   * counts as one claim.
   */
  claimConsent(id: string, claim: ConsentClaim): Promise<boolean>;

  /** Returns the claim of `owner`, because the authorization code is unused. */
  releaseConsent(id: string, owner: string): Promise<void>;

  /**
   * Records the end of a link, unless it has ended or another owner has claimed the consent. Returns the connection that
   * the link is for; `undefined` where nothing was recorded.
   */
  endConsent(id: string, owner: string, end: ConsentEnd): Promise<string | undefined>;

  /**
   * Returns a page of the links that have not ended and whose wait is not over, the first to expire first. Eventually
   * consistent: what a link says may be newer than the selection.
   */
  openLinks(now: number, page: { limit: number; after?: Cursor | undefined }): Promise<LinkPage>;
}
