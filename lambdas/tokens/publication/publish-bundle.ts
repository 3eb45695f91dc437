import { randomUUID } from 'node:crypto';
import { BUNDLE_BYTES } from '../../contract.ts';
import { utc } from '../clock.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { LEASE_SECONDS, waitForLease } from '../lease.ts';
import { retryUntil } from '../rotation/retry.ts';
import { STORE_SECONDS } from '../time-budget.ts';
import { type Bundle, expectedBytes, sequenceFor, UNKNOWN, withLease, withUnrecorded } from './bundle.ts';
import { changeBundle } from './change-bundle.ts';
import { type Content, contentOf, fieldBytes, versionName } from './content.ts';
import { placeOf } from './place.ts';
import { type JustSealedTokens, type Members, readMembers } from './read-members.ts';
import { nextSlot } from './slots.ts';
import { type Versions, withVersion } from './version-budget.ts';

/** Lists the members that a bundle's secret holds after its publication. */
export interface BundlePublication {
  /** The version of each member that is in it. */
  versions: ReadonlyMap<string, number>;
  /** Why a member is not in it, by connection. */
  failures: ReadonlyMap<string, unknown>;
  /** When the secret is deleted permanently, epoch seconds, if its last member has left it. */
  secretDeletedAt?: number;
}

export interface BundleOptions {
  /** Tokens that this function has just sealed, by connection: what is stored is opened only if it is something else. */
  justSealed?: JustSealedTokens;
  /** When the function ends, epoch seconds. */
  deadline: number;
  /** A member leaves: the reserve of versions may be used. */
  isRemoval?: boolean;
  /** Deletes the secret without a recovery window, when the last member leaves. */
  force?: boolean;
}

type BundleDependencies = Pick<
  Dependencies,
  'store' | 'vault' | 'openingKey' | 'now' | 'wait' | 'random' | 'log' | 'bundleBytes'
>;

/** How long a publisher waits for another one; seconds. */
const BUSY_SECONDS = 10;

/**
 * Publishes a bundle as its members' items say, under its lease: nothing is read back from the secret. The last member's
 * leaving deletes it. Where nothing has changed, nothing is written.
 * @param including connections that belong to it, whatever the bundle's own list says
 * @throws {Failure} `retry`: `busy` while another function publishes it, `bundle_waits` until its next slot; or why the secret
 * could not be written
 */
export async function publishBundle(
  name: string,
  including: readonly string[],
  deps: BundleDependencies,
  options: BundleOptions,
): Promise<BundlePublication> {
  const leased = await leaseBundle(name, including, deps, options.deadline);
  const attempt: Attempt = {};
  try {
    const read = await readMembers(leased, deps, options.justSealed);
    const content = contentOf(read.tokens, deps.bundleBytes ?? BUNDLE_BYTES.usual);
    const { versions, isWritten, secretDeletedAt } = await write(leased, content, read, deps, {
      ...options,
      attempt,
    });
    const record = (bundle: Bundle) => recorded(bundle, leased, content, read, { versions, isWritten });
    await retryUntil(options.deadline, () => changeBundle(name, record, deps), deps);
    for (const { connection } of content.excess) read.failures.set(connection, isFull(name, connection));
    return {
      versions: new Map(content.members.map(({ connection, version }) => [connection, version])),
      failures: read.failures,
      ...(secretDeletedAt !== undefined && { secretDeletedAt }),
    };
  } catch (error) {
    // If the lease is not released, it expires.
    await changeBundle(name, (bundle) => ended(bundle, leased, attempt), deps).catch(() => {});
    throw error;
  }
}

async function leaseBundle(
  name: string,
  including: readonly string[],
  deps: BundleDependencies,
  deadline: number,
): Promise<Bundle> {
  const { now } = deps;
  const owner = randomUUID();
  const take = () =>
    changeBundle(
      name,
      (bundle) =>
        withLease(withAll(bundle, including, now()), { owner, until: now() + LEASE_SECONDS }, now()),
      deps,
    );
  const until = Math.min(now() + BUSY_SECONDS, deadline - STORE_SECONDS);
  return waitForLease(take, () => isBusy(name), deps, until);
}

/** Adds members without looking at the size: they belong to the bundle already, and those that do not fit are told. */
function withAll(bundle: Bundle, connections: readonly string[], now: number): Bundle {
  const missing = connections.filter((connection) => !(connection in bundle.members));
  if (missing.length === 0) return bundle;
  const members = Object.fromEntries(
    missing.map((connection) => [connection, { since: now, bytes: expectedBytes(bundle, connection) }]),
  );
  return { ...bundle, members: { ...bundle.members, ...members } };
}

interface Written {
  versions: Versions;
  isWritten: boolean;
  secretDeletedAt?: number;
}

/** A write of the secret that was begun. */
interface Attempt {
  content?: string;
}

async function write(
  leased: Bundle,
  content: Content,
  { belonging, isLate, isExpiring }: Members,
  { vault, now }: BundleDependencies,
  { isRemoval = false, force = false, attempt }: BundleOptions & { attempt: Attempt },
): Promise<Written> {
  const { bundle, unrecorded } = leased;
  if (belonging.size === 0) {
    // By force, a secret is deleted in its recovery window, too.
    if (leased.content === undefined && unrecorded === undefined && !force)
      return { versions: leased, isWritten: false };
    attempt.content = UNKNOWN;
    const secretDeletedAt = await vault.unpublish(placeOf(bundle), { force });
    return {
      versions: leased,
      isWritten: true,
      ...(secretDeletedAt !== undefined && { secretDeletedAt }),
    };
  }
  if (content.id === leased.content && unrecorded === undefined)
    return { versions: leased, isWritten: false };
  const versions = withVersion(bundle, leased, now(), { isRemoval, isLate, isExpiring });
  if (!versions) throw waits(bundle, now());
  attempt.content = content.id;
  const name = versionName(bundle, sequenceFor(leased, content.id), content);
  await vault.publish(placeOf(bundle), content.value, name).catch((error) => {
    throw error instanceof Failure && error.code === 'version_quota' ? usedUp(bundle, now()) : error;
  });
  return { versions, isWritten: true };
}

/** Returns the bundle as it is now with what was published, and without the lease. */
function recorded(
  bundle: Bundle,
  leased: Bundle,
  { id, members, excess }: Content,
  { belonging, gone }: Members,
  { versions: { writes, slot, removals }, isWritten }: Written,
): Bundle | undefined {
  const free = released(bundle, leased);
  if (!free) return undefined;
  const sizes = new Map(
    [...members, ...excess].map(({ connection, accessToken }) => [
      connection,
      fieldBytes(connection, accessToken),
    ]),
  );
  const kept = Object.entries(free.members).filter(([connection]) => !gone.has(connection));
  const { excess: _, content: __, unrecorded, ...rest } = free;
  return {
    ...rest,
    members: Object.fromEntries(
      kept.map(([connection, { since, bytes }]) => [
        connection,
        { since, bytes: sizes.get(connection) ?? bytes },
      ]),
    ),
    largestToken: Math.max(
      free.largestToken ?? 0,
      ...members.map(({ accessToken }) => Buffer.byteLength(accessToken)),
    ),
    ...(writes !== undefined && { writes }),
    ...(slot !== undefined && { slot }),
    ...(removals !== undefined && { removals }),
    ...(belonging.size > 0 && { content: id }),
    ...(excess.length > 0 && { excess: excess.map(({ connection }) => connection) }),
    // What was not written may be in doubt by now.
    ...(!isWritten && unrecorded !== undefined && { unrecorded }),
    sequence: isWritten ? sequenceFor(leased, id) + 1 : free.sequence,
  };
}

/** Returns the bundle after a failure, without the lease. */
function ended(bundle: Bundle, leased: Bundle, { content }: Attempt): Bundle | undefined {
  const free = released(bundle, leased);
  return free && content !== undefined ? withUnrecorded(free, content) : free;
}

/** Returns the bundle without the lease; `undefined` where another function has it by now. */
function released(bundle: Bundle, { lease }: Bundle): Bundle | undefined {
  if (bundle.lease?.owner !== lease?.owner) return undefined;
  const { lease: _, ...free } = bundle;
  return free;
}

const isBusy = (bundle: string): Failure =>
  new Failure(
    'retry',
    'busy',
    `The bundle "${bundle}" was not published: another function is publishing it.`,
    'Nothing to do: the next sweep publishes what is missing.',
  );

function waits(bundle: string, now: number): Failure {
  const at = nextSlot(bundle, now);
  return new Failure(
    'retry',
    'bundle_waits',
    `The secret of the bundle "${bundle}" takes no further version now: Secrets Manager allows 100 in 24 hours, and the rest is kept for its next slots.`,
    `Nothing to do: it is published with the next slot, at ${utc(at)}.`,
    at - now,
  );
}

/** Secrets Manager refused a version for which there was room: something else writes the secret. */
function usedUp(bundle: string, now: number): Failure {
  const at = nextSlot(bundle, now);
  return new Failure(
    'retry',
    'bundle_waits',
    `The secret of the bundle "${bundle}" takes no further version: Secrets Manager allows 100 in 24 hours, and something else has written it.`,
    `It is tried again with the next slot, at ${utc(at)}. Find out who writes it: CloudTrail, event PutSecretValue.`,
    at - now,
  );
}

const isFull = (bundle: string, connection: string): Failure =>
  new Failure(
    'misconfigured',
    'bundle_full',
    `"${connection}" has no room in the bundle "${bundle}" any more: its members' tokens have grown, or "bundleBytes" is lower. n8n cannot read its new token.`,
    `Move it: npx zoom-tokens bundle ${connection} --none, or into another bundle.`,
  );
