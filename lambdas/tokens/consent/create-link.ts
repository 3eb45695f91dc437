import { randomUUID } from 'node:crypto';
import { ROUTES } from '../../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { assertName } from '../names.ts';
import type { Place } from '../publication/place.ts';
import type { NewLink } from '../store/links.ts';
import { assertGrant } from './assert-grant.ts';
import { assertPlace } from './choose-place.ts';
import { MAX_LINK_SECONDS, MIN_LINK_SECONDS, OUTCOME_SECONDS } from './link-life.ts';
import { signLinkTicket } from './link-ticket.ts';

/** The wishes of an operator for a link. */
export interface LinkRequest extends Pick<NewLink, 'connection' | 'app'> {
  place?: Place | undefined;
  replaceUser?: boolean | undefined;
  forMe?: boolean | undefined;
  /** For how long the link can be used; 30 minutes by default. */
  seconds?: number | undefined;
}

/** A link as its maker gets it. */
export interface CreatedLink {
  /** The address, which works once. */
  link: string;
  /** For `link-outcome`. It opens nothing. */
  id: string;
  /** Epoch seconds. */
  createdAt: number;
  expiresAt: number;
  /** The connection's current generation, 0 without one. A consent increments it. */
  generation: number;
}

/**
 * Stores a one-time link that connects a user app, and returns its address.
 * @param publicUrl origin of the HTTP API
 * @throws {Failure} `rejected` (`invalid_name`, `other_grant`, `other_place`, `bundle_full`, `bad_request`), or `misconfigured` when the app has no credentials
 */
export async function createLink(
  { connection, app, replaceUser = false, forMe = false, seconds, place }: LinkRequest,
  deps: Dependencies,
  publicUrl: string,
): Promise<CreatedLink> {
  assertName('connection', connection);
  assertName('app', app);
  const life = seconds ?? deps.linkSeconds;
  assertLife(life);
  const existing = await assertGrant(connection, 'authorization_code', deps);
  await assertPlace(connection, place, existing, deps);
  await assertUserApp(app, connection, deps);
  const createdAt = deps.now();
  const expiresAt = createdAt + life;
  const id = randomUUID();
  const { ticket, keyId } = await signLinkTicket({ id, expiresAt }, deps);
  await deps.store.createLink(
    { id, connection, app, replaceUser, forMe, ...(place && { place }), keyId, createdAt, expiresAt },
    expiresAt + OUTCOME_SECONDS,
  );
  const generation = existing?.generation ?? 0;
  return { link: `${publicUrl}${ROUTES.link}?ticket=${ticket}`, id, createdAt, expiresAt, generation };
}

function assertLife(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= MIN_LINK_SECONDS && seconds <= MAX_LINK_SECONDS) return;
  throw new Failure(
    'rejected',
    'bad_request',
    'The link was not created: it must expire after one minute at the earliest and after 30 days at the latest.',
    'Pass another duration, such as --expires 3d.',
  );
}

/** Zoom has no consent page for a Server-to-Server app, so that a link of one could never be used. */
async function assertUserApp(
  app: string,
  connection: string,
  { vault }: Pick<Dependencies, 'vault'>,
): Promise<void> {
  const { accountId } = await vault.app(app, { fresh: true });
  if (accountId === undefined) return;
  throw new Failure(
    'rejected',
    'other_grant',
    `The app "${app}" is a Server-to-Server app: its secret has an account_id. Zoom asks no user for a consent to it.`,
    `Connect it without a link: npx zoom-tokens connect ${connection} --app ${app} --grant s2s. If it is a user app, write its secret without the account_id: npx zoom-tokens setup ${app}.`,
  );
}
