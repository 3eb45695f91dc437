import type { Clock } from '../clock.ts';
import type { Connection } from '../connection.ts';
import type { ConnectionStore } from '../store/connection-store.ts';
import {
  alerted,
  consented,
  disconnected,
  failed,
  linkChanges,
  moved,
  notConsented,
  pushChanges,
  recovered,
} from './events.ts';
import type { History, HistoryEvent } from './history.ts';

/**
 * Returns a store that also notes in the history what its writes change. All changes pass through the store, so no other
 * place has to note any. A write that failed, or whose condition did not hold, is not noted.
 */
export function withHistory<Store extends ConnectionStore>(
  store: Store,
  { history, now }: { history: Pick<History, 'note'>; now: Clock },
): Store {
  /** The connections as their lease was taken: what a step passes later has changed already. */
  const leased = new Map<string, Connection>();
  const before = (of: Connection): Connection => {
    const item = leased.get(of.connection);
    return item && item.leaseOwner === of.leaseOwner ? item : of;
  };
  const end = (of: Connection): Connection => {
    const item = before(of);
    leased.delete(of.connection);
    return item;
  };
  const note = async ({ connection }: Pick<Connection, 'connection'>, events: HistoryEvent[]) => {
    if (events.length > 0) await history.note(connection, events);
  };

  const noting: Partial<ConnectionStore> = {
    async lease(connection, lease) {
      const item = await store.lease(connection, lease);
      if (item) leased.set(connection, item);
      return item;
    },
    async release(of, options) {
      end(of);
      await store.release(of, options);
    },
    async commitConsent(consent, seen) {
      const item = await store.commitConsent(consent, seen);
      if (item.consentId === consent.consentId) await note(item, [consented(item)]);
      return item;
    },
    async settle(of, settlement) {
      const was = end(of);
      const isSettled = await store.settle(of, settlement);
      if (isSettled) {
        await note(of, [...recovered(was, now()), ...pushChanges(was, settlement.targets, now())]);
      }
      return isSettled;
    },
    async fail(of, failure) {
      const was = end(of);
      const isRecorded = await store.fail(of, failure);
      if (isRecorded)
        await note(of, [failed(was, failure, now()), ...pushChanges(was, failure.targets, now())]);
      return isRecorded;
    },
    async finishDisconnect(of, result) {
      const item = await store.finishDisconnect(of, result);
      if (item) await note(item, [disconnected(result, now())]);
      return item;
    },
    async snoozeAlert(of, alert) {
      const isSnoozed = await store.snoozeAlert(of, alert);
      if (isSnoozed) await note(of, [alerted('a person must connect it again', alert.alertedAt)]);
      return isSnoozed;
    },
    async noteAlert(of, alertedAt) {
      const isNoted = await store.noteAlert(of, alertedAt);
      if (isNoted && alertedAt !== undefined) {
        await note(of, [alerted('n8n holds an expired token of it', alertedAt)]);
      }
      return isNoted;
    },
    async setPushTargets(of, targets, others) {
      const was = before(of);
      const areSet = await store.setPushTargets(of, targets, others);
      if (!areSet) return false;
      leased.set(of.connection, { ...was, ...others, targets });
      await note(of, linkChanges(was, { ...was, ...others, targets }, now()));
      return true;
    },
    async endConsent(id, owner, consentEnd) {
      const connection = await store.endConsent(id, owner, consentEnd);
      if (connection !== undefined && consentEnd.kind === 'failed') {
        await note({ connection }, [notConsented(connection, consentEnd)]);
      }
      return connection;
    },
    async setPlaces(of, places, dueAt) {
      const arePlaced = await store.setPlaces(of, places, dueAt);
      if (arePlaced) await note(of, moved(of, places.place, now()));
      return arePlaced;
    },
  };
  return new Proxy(store, { get: (target, name) => Reflect.get(name in noting ? noting : target, name) });
}
