import pMap from 'p-map';
import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { LAST_ATTEMPT_SECONDS } from '../schedule.ts';
import { isUnopenable, open } from '../sealing/seal.ts';
import type { Bundle } from './bundle.ts';
import type { MemberToken } from './content.ts';
import { placeOf, placesAt } from './place.ts';
import { nextSlot } from './slots.ts';

const READS_AT_ONCE = 16;
/** A member that was expected and never came is forgotten after this time; seconds. */
const EXPECTED_SECONDS = 60 * 60;
/** A slot's sweep may begin, and publish, so much later than the slot; seconds. */
const SWEEP_SECONDS = 2 * 60;

type ReadDependencies = Pick<Dependencies, 'store' | 'openingKey' | 'now' | 'log'>;

/** The members as their items are. */
export interface Members {
  tokens: MemberToken[];
  /** Connections that belong to the bundle. Those without a token are in `failures`. */
  belonging: Set<string>;
  /** Connections that have left it. */
  gone: Set<string>;
  failures: Map<string, unknown>;
  /** Whether a member's published token expires before the next slot could replace it. */
  isLate: boolean;
  /** Whether a member's published token has expired, or expires before it would be tried again. */
  isExpiring: boolean;
}

/** A token, and what it was sealed to. */
export interface JustSealed {
  sealedTokens: string;
  accessToken: string;
}

/** Tokens that this function has just sealed, by connection. */
export type JustSealedTokens = ReadonlyMap<string, JustSealed>;

/** Reads the members' items and opens their tokens. One whose tokens cannot be opened does not keep the others back. */
export async function readMembers(
  { bundle, members }: Bundle,
  deps: ReadDependencies,
  justSealed?: JustSealedTokens,
): Promise<Members> {
  const { store, openingKey, now, log } = deps;
  const read: Members = {
    tokens: [],
    belonging: new Set(),
    gone: new Set(),
    failures: new Map(),
    isLate: false,
    isExpiring: false,
  };
  const items = await store.getAll(Object.keys(members));
  const byName = new Map(items.map((item) => [item.connection, item]));
  await pMap(
    Object.entries(members),
    async ([connection, { since }]) => {
      const item = byName.get(connection);
      if (!item) {
        const isUnreadable = (await store.unreadable(connection)).length > 0;
        if (isUnreadable) read.belonging.add(connection);
        else if (since < now() - EXPECTED_SECONDS) read.gone.add(connection);
        return;
      }
      if (!belongsTo(item, bundle, now())) {
        if (since < now() - EXPECTED_SECONDS || isDisconnected(item)) read.gone.add(connection);
        return;
      }
      read.belonging.add(connection);
      try {
        const known = justSealed?.get(connection);
        const { accessToken } =
          known?.sealedTokens === item.sealedTokens
            ? known
            : await open(item.sealedTokens, connection, openingKey);
        const { generation, version, rotatedAt } = item;
        read.tokens.push({ connection, generation, version, rotatedAt, since, accessToken });
        if (expiresBy(item, nextSlot(bundle, now()) + SWEEP_SECONDS)) read.isLate = true;
        if (expiresBy(item, now() + LAST_ATTEMPT_SECONDS)) read.isExpiring = true;
      } catch (error) {
        if (!isUnopenable(error)) throw error;
        read.failures.set(connection, error);
        log.error(`A member was left out of its bundle. ${toFailure(error).message}`, { connection, bundle });
      }
    },
    { concurrency: READS_AT_ONCE },
  );
  return read;
}

const belongsTo = (item: Connection, bundle: string, now: number): boolean =>
  !isDisconnected(item) && item.sealedTokens !== '' && placesAt(item, now).includes(placeOf(bundle));

/** Returns whether a newer token waits, and the published one has expired by then. */
const expiresBy = ({ publishedVersion, version, validUntil }: Connection, at: number): boolean =>
  publishedVersion > 0 && publishedVersion < version && validUntil <= at;
