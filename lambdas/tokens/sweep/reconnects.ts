import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { timeLeft, utc } from '../clock.ts';
import { type Connection, hasRecovered, logContext } from '../connection.ts';
import type { SweepDependencies, WaitingLink } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { isIncident } from '../judgement/app-health.ts';
import { step } from '../rotation/step.ts';
import { REMINDER_SECONDS } from '../schedule.ts';
import type { Cursor, DueEntry } from '../store/pages.ts';
import type { FleetHealth } from '../store/sweep-notes.ts';
import { STEP_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';
import { AT_ONCE, alertRecovered, attempted, MOST_IN_A_MESSAGE } from './alerts.ts';
import type { Run } from './run.ts';

const PAGE = 1000;
const MOST_LINKS = 100;

/**
 * Attends to the connections that wait for a person. They are tried once with each daily reminder, and once when their
 * app's credentials change: a wrong verdict heals by itself. Then people are alerted of those that are due, which is
 * level-triggered as all else here: an alert that was not delivered stays due.
 * @returns whether all of them were attended to
 */
export async function attendReconnects({ reconnect }: FleetHealth, run: Run): Promise<boolean> {
  const { deps } = run;
  const hasRetried = reconnect === 0 || (await attempted(deps.log, () => retryAfterCredentials(run)));
  const hasAlerted = await attempted(deps.log, () => attendDue(run));
  return hasRetried && hasAlerted;
}

async function attendDue(run: Run): Promise<boolean> {
  const { deps } = run;
  const { store, alerts, now, log } = deps;
  const page = await store.due('reconnect', now(), { limit: MOST_IN_A_MESSAGE });
  const due = await dueItems(page.entries, deps);
  const recovered = await tryAgain(
    due.filter(({ alertedAt }) => alertedAt !== undefined),
    run,
  );
  const areRecoveredTold = await alertRecovered(recovered, deps);
  const waiting = recovered.length + due.length === 0 ? [] : await dueItems(due, deps);
  if (waiting.length > 0) {
    await alerts.reconnectNeeded(waiting, await waitingLinks(deps));
    await pMap(
      waiting,
      async (item) => {
        await store.snoozeAlert(item, { dueAt: now() + REMINDER_SECONDS, alertedAt: now() });
        log.info('alerted', logContext(item));
      },
      { concurrency: AT_ONCE },
    );
  }
  return areRecoveredTold && page.next === undefined;
}

/** Returns the links that wait, for the text of an alert, which is sent without them too. At most 100. */
async function waitingLinks({ store, now, log }: SweepDependencies): Promise<WaitingLink[]> {
  try {
    const { links } = await store.openLinks(now(), { limit: MOST_LINKS });
    return links
      .filter(({ end, expiresAt }) => end === undefined && expiresAt > now())
      .map(({ connection, expiresAt }) => ({
        connection,
        until: `${utc(expiresAt)} (${timeLeft(expiresAt, now())})`,
      }));
  } catch (error) {
    log.warn(`The open links were not read. ${toFailure(error).message}`, {});
    return [];
  }
}

/** Reads the items, and keeps those that are due. The index may lag behind a consent, or behind the last alert. */
async function dueItems(
  entries: Pick<DueEntry, 'connection'>[],
  { store, now }: SweepDependencies,
): Promise<Connection[]> {
  const found = await store.getAll(entries.map(({ connection }) => connection));
  return found.filter(({ status, dueAt }) => status === 'reconnect' && dueAt <= now());
}

/** Asks Zoom once more, while time lasts and no incident is assumed. Returns those that are well again. */
async function tryAgain(items: Connection[], { deps, apps, deadline }: Run): Promise<Connection[]> {
  const outcomes = await pMap(
    items,
    async (item) => {
      const hasTime = deps.now() < deadline - STEP_SECONDS;
      if (!hasTime || isIncident(await apps.health(item.app), deps.now())) return undefined;
      return step(item.connection, deps, { deadline, apps, early: true, inReconnect: true });
    },
    { concurrency: AT_ONCE },
  );
  const settled = outcomes.flatMap((outcome) => (outcome?.kind === 'settled' ? [outcome.item] : []));
  return settled.filter((item) => hasRecovered(item, deps.now()));
}

/** Makes every waiting connection of an app due for an attempt when the app's credentials have changed. */
async function retryAfterCredentials({ deps, apps }: Run): Promise<boolean> {
  const { store, vault, now, log } = deps;
  const waiting = await allWaiting(deps);
  for (const app of new Set(waiting.map((entry) => entry.app))) {
    const credentials = await vault.app(app, { fresh: true }).catch(() => undefined);
    if (!credentials) continue;
    const id = credentialsId(credentials);
    const { credentialsId: known } = await apps.health(app);
    if (known === id) continue;
    if (known !== undefined) {
      log.info("the app's credentials have changed: its waiting connections are tried", { app });
      const entries = waiting.filter((entry) => entry.app === app);
      await pMap(
        entries,
        async ({ connection }) => {
          const item = await store.get(connection);
          if (item?.status === 'reconnect') await store.retryReconnect(item, now());
        },
        { concurrency: AT_ONCE },
      );
    }
    await apps.record(app, { kind: 'credentials', id });
  }
  return true;
}

async function allWaiting({ store }: SweepDependencies): Promise<DueEntry[]> {
  const entries: DueEntry[] = [];
  let after: Cursor | undefined;
  do {
    const page = await store.due('reconnect', Number.MAX_SAFE_INTEGER, { limit: PAGE, after });
    entries.push(...page.entries);
    after = page.next;
  } while (after !== undefined);
  return entries;
}

/** Names the credentials without telling them. */
const credentialsId = ({ clientId, clientSecret, accountId = '' }: ZoomApp): string =>
  createHash('sha256')
    .update(JSON.stringify([clientId, clientSecret, accountId]))
    .digest('base64url')
    .slice(0, 16);
