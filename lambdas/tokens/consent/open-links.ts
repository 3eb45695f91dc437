import { randomUUID } from 'node:crypto';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureDetails, toFailure } from '../errors.ts';
import { assertName } from '../names.ts';
import type { StoredLink } from '../store/links.ts';
import type { Cursor } from '../store/pages.ts';
import { type CreatedLink, createLink } from './create-link.ts';
import { MAX_LINK_SECONDS, MIN_LINK_SECONDS } from './link-life.ts';
import { keyReplaced, type LinkOutcome, linkOutcome, outcomeOf } from './link-outcome.ts';

/** Links that one response lists at most. */
const MAX_LINKS = 1000;
const PAGE = 100;

/**
 * A link that has not ended, as `status` shows it. `key_replaced`: the key that signed it was replaced, so that it opens
 * nothing any more. Timestamps are epoch seconds.
 */
export interface OpenLink
  extends Pick<
    StoredLink,
    'id' | 'connection' | 'app' | 'replaceUser' | 'forMe' | 'place' | 'createdAt' | 'expiresAt'
  > {
  state: 'waiting' | 'opened' | 'in_progress' | 'key_replaced';
}

/** Returns the links that have not ended, the first to expire first; at most 1000. */
export async function listOpenLinks(deps: Dependencies): Promise<OpenLink[]> {
  const open: OpenLink[] = [];
  let after: Cursor | undefined;
  do {
    const { links, next } = await deps.store.openLinks(deps.now(), { limit: PAGE, after });
    for (const link of links) {
      const outcome = await outcomeOf(link, deps);
      const state = stateOf(outcome);
      if (state) open.push(toView(link, state));
    }
    after = next;
  } while (after && open.length < MAX_LINKS);
  return open;
}

function stateOf(outcome: LinkOutcome): OpenLink['state'] | undefined {
  if (outcome.kind === 'failed') return outcome.error.code === 'key_replaced' ? 'key_replaced' : undefined;
  return outcome.kind === 'connected' ? undefined : outcome.kind;
}

/**
 * Takes back the links that wait for a connection. A link whose consent is being finished stays.
 * @returns the links that were taken back
 * @throws {Failure} `rejected` (`invalid_name`): a link that was passed in place of a name must not seem taken back
 */
export async function cancelLinks(connection: string, deps: Dependencies): Promise<OpenLink[]> {
  assertName('connection', connection);
  const cancelled: OpenLink[] = [];
  for (const link of await listOpenLinks(deps)) {
    if (link.connection !== connection) continue;
    await end(link, linkCancelled(connection), deps);
    const outcome = await linkOutcome(link.id, deps);
    if (outcome.kind === 'failed' && outcome.error.code === 'link_cancelled') cancelled.push(link);
  }
  return cancelled;
}

/** A new link, and the one that it replaces. */
interface RenewedLink extends CreatedLink {
  connection: string;
  replaces: string;
}

/** The links that were made anew, and those that could not be. */
export interface RenewedLinks {
  renewed: RenewedLink[];
  notRenewed: { connection: string; error: FailureDetails }[];
}

/**
 * Makes the links anew that a replaced key has ended, each for the rest of its life. One that cannot be made any more, such as
 * for an app that was taken out of the deployment, does not hold up the others, and is tried again by a repetition.
 * @param publicUrl origin of the HTTP API
 * @throws {Failure} `retry` in an outage before the first link was made. A later one ends the work
 */
export async function renewLinks(deps: Dependencies, publicUrl: string): Promise<RenewedLinks> {
  const renewed: RenewedLink[] = [];
  const notRenewed: RenewedLinks['notRenewed'] = [];
  await deps.keyring(undefined, { fresh: true });
  for (const link of await listOpenLinks(deps)) {
    if (link.state !== 'key_replaced') continue;
    const { id, connection, app, replaceUser, forMe, place, expiresAt } = link;
    const left = expiresAt - deps.now();
    const seconds = Math.min(Math.max(left, MIN_LINK_SECONDS), MAX_LINK_SECONDS);
    try {
      const wanted = { connection, app, replaceUser, forMe, place, seconds };
      const created = await createLink(wanted, deps, publicUrl);
      await end(link, keyReplaced(), deps);
      renewed.push({ ...created, connection, replaces: id });
    } catch (error) {
      const failure = toFailure(error);
      const isOutage = failure.class === 'retry';
      // The address of a link is shown once: those that were made must reach the operator.
      if (isOutage && renewed.length === 0) throw error;
      notRenewed.push({ connection, error: failure });
      if (isOutage) break;
    }
  }
  return { renewed, notRenewed };
}

/** The store keeps an end or a claim that was faster. */
const end = ({ id }: OpenLink, failure: Failure, { store, now }: Dependencies) =>
  store.endConsent(id, randomUUID(), { kind: 'failed', error: toFailure(failure), at: now() });

const toView = (
  { id, connection, app, replaceUser, forMe, place, createdAt, expiresAt }: StoredLink,
  state: OpenLink['state'],
): OpenLink => ({
  ...{ id, connection, app, replaceUser, forMe, createdAt, expiresAt, state },
  ...(place && { place }),
});

function linkCancelled(connection: string): Failure {
  return new Failure(
    'rejected',
    'link_cancelled',
    `The link for "${connection}" was taken back. Nothing was connected.`,
    'Ask for a new link.',
  );
}
