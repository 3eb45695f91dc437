import pMap from 'p-map';
import { type Connection, logContext, type Status } from '../connection.ts';
import type { Dependencies, SweepDependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { isAlertDue, sum } from '../judgement/app-health.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import { REMINDER_SECONDS } from '../schedule.ts';
import type { Cursor, ExpiredEntry } from '../store/pages.ts';
import type { FleetHealth } from '../store/sweep-notes.ts';

/** Connections in one message, at the most. */
export const MOST_IN_A_MESSAGE = 100;
export const AT_ONCE = 8;
const PAGE = 1000;

/** People are alerted when n8n has held an expired token for this long, whatever the reason; seconds. */
const EXPIRED_SECONDS = 15 * 60;

/** A sweep that comes later than this after the one before has followed a gap; seconds. */
export const GAP_SECONDS = 60 * 60;

/** Runs one kind of alert. Never rejects: an alert that fails is repeated by the next sweep. Returns whether it went well. */
export async function attempted(
  log: Dependencies['log'],
  alert: () => Promise<boolean | undefined>,
): Promise<boolean> {
  try {
    return (await alert()) ?? true;
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    log.error(`An alert could not be sent. The next sweep repeats it. ${message}`, {
      class: failureClass,
      code,
    });
    return false;
  }
}

/** Alerts of the incidents that began since the last alert, app by app. */
export function alertIncidents(apps: AppMonitor, deps: SweepDependencies): Promise<boolean> {
  const { store, alerts, now, log } = deps;
  return attempted(log, async () => {
    for (const app of apps.seen()) {
      const health = await apps.health(app);
      const { incidentSince: since } = health;
      if (since === undefined || !isAlertDue(health, now())) continue;
      const gapSince = await store.lastGap(now() - 6 * GAP_SECONDS);
      await alerts.incidentAssumed({
        app,
        since,
        ...sum(health, now()),
        ...(gapSince !== undefined && { gapSince }),
      });
      await apps.record(app, { kind: 'incident_alerted' });
      log.info('alerted of an incident', { app });
    }
    return true;
  });
}

/** Notifies people that connections are well again of which they had been alerted. */
export function alertRecovered(recovered: Connection[], deps: SweepDependencies): Promise<boolean> {
  const { store, alerts, log } = deps;
  return attempted(log, async () => {
    for (let from = 0; from < recovered.length; from += MOST_IN_A_MESSAGE) {
      const items = recovered.slice(from, from + MOST_IN_A_MESSAGE);
      await alerts.recovered(items);
      await pMap(items, (item) => store.noteAlert(item, undefined), { concurrency: AT_ONCE });
    }
    return true;
  });
}

/**
 * Alerts of the connections whose published token has been expired for a while, whatever the reason, and again daily.
 * Those in `reconnect` have an alert of their own.
 */
export function alertExpired(health: FleetHealth, deps: SweepDependencies): Promise<boolean> {
  const { log, now } = deps;
  return attempted(log, async () => {
    const before = now() - EXPIRED_SECONDS;
    if (health.leastValidUntil === null || health.leastValidUntil >= before) return true;
    const statuses: Status[] = ['active', 'misconfigured'];
    for (const status of statuses) await alertExpiredIn(status, before, deps);
    return true;
  });
}

async function alertExpiredIn(status: Status, before: number, deps: SweepDependencies): Promise<void> {
  const { store, alerts, now, log } = deps;
  let after: Cursor | undefined;
  do {
    const page = await store.expired(status, before, { limit: PAGE, after });
    const names = page.entries.filter((entry) => isAlertDueAt(entry, now())).slice(0, MOST_IN_A_MESSAGE);
    const found = await store.getAll(names.map(({ connection }) => connection));
    // The index may lag behind a publication, or behind the last alert.
    const items = found.filter(
      (item) => item.status === status && isExpired(item, before) && isAlertDueAt(item, now()),
    );
    if (items.length > 0) {
      await alerts.tokensExpired(items);
      await pMap(items, (item) => store.noteAlert(item, now()), { concurrency: AT_ONCE });
      for (const item of items) log.info('alerted of an expired token', logContext(item));
    }
    after = page.next;
  } while (after !== undefined);
}

/** A connection that was never published counts from its consent. */
const isExpired = ({ validUntil, consentedAt }: Connection, before: number): boolean =>
  !(Math.max(validUntil, consentedAt) >= before);

/** An alert that is older than the token's end was of something else. */
const isAlertDueAt = ({ alertedAt = 0, validUntil }: ExpiredEntry, now: number): boolean =>
  alertedAt <= validUntil || now - alertedAt >= REMINDER_SECONDS;
