import { utc } from '../clock.ts';
import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureClass, type FailureDetails, toFailure } from '../errors.ts';
import { isIncident } from '../judgement/app-health.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import { isBelieved, isRefusal, suspectBackOff } from '../judgement/refusal.ts';
import { nextAttempt, REMINDER_SECONDS } from '../schedule.ts';
import type { StepFailure } from '../store/connections.ts';

/** How a failed step was recorded. */
export interface Recorded {
  recorded: FailureClass;
  /** Zoom refused the refresh token. */
  isRefused: boolean;
}

type RecordDependencies = Pick<Dependencies, 'store' | 'now' | 'random' | 'log'>;

/** A refusal in words that nobody knows is believed after this long and so many attempts; seconds. */
const UNKNOWN_REFUSAL_SECONDS = 24 * 60 * 60;
const UNKNOWN_REFUSALS = 10;

/**
 * Records a failed step: the status after its class, and the next attempt. A refused refresh token makes the connection a
 * suspect first, and is believed when a second refusal confirms it, unless most connections of the app are refused. A
 * connection that moved on meanwhile (a newer version, another lease holder) is left alone.
 * @param remains what later steps have to know of tokens that are kept elsewhere or lost, and of what was published
 */
export async function recordFailure(
  item: Connection,
  error: unknown,
  remains: Pick<StepFailure, 'askedAt' | 'lostAt' | 'publishedVersion' | 'oldPlaces' | 'publications'>,
  deps: RecordDependencies,
  apps: AppMonitor,
): Promise<Recorded> {
  const { store, now, log } = deps;
  const isRefused = isRefusal(error);
  const failure = isRefused
    ? await refusal(item, error, deps, apps)
    : otherFailure(item, believedAtLast(item, error, now()), deps);
  const { lastError } = failure;
  const context = { ...logContext(item), class: lastError.class, code: lastError.code };
  try {
    if (!(await store.fail(item, { ...failure, ...remains }))) {
      await store.release(item);
      log.info('failure not recorded: the connection has moved on', context);
      return { recorded: lastError.class, isRefused };
    }
  } catch {
    // The store is down as well: the lease expires, and a later sweep starts from what is stored.
  }
  const level = lastError.class === 'retry' ? 'warn' : 'error';
  log[level](lastError.message, { ...context, failures: failure.failures });
  return { recorded: lastError.class, isRefused };
}

/** Judges a refusal, after it was added to what is known of the app. */
async function refusal(
  item: Connection,
  error: Failure,
  deps: RecordDependencies,
  apps: AppMonitor,
): Promise<StepFailure> {
  const now = deps.now();
  const health = await apps.record(item.app, { kind: 'refused', isFirst: item.suspectSince === undefined });
  const hasIncident = isIncident(health, now);
  const refusals = (item.refusals ?? 0) + 1;
  const suspect = { ...failing(item, now), suspectSince: item.suspectSince ?? now, refusals };
  if (item.status === 'reconnect') {
    return {
      ...suspect,
      status: 'reconnect',
      dueAt: nextReminder(item, now),
      lastError: { ...toFailure(error), at: now },
    };
  }
  if (isBelieved(item, hasIncident, now)) {
    return { ...suspect, status: 'reconnect', dueAt: now, lastError: { ...toFailure(error), at: now } };
  }
  const dueAt = now + suspectBackOff(refusals);
  const lastError = { ...(hasIncident ? incident(item, dueAt) : suspicion(item, dueAt)), at: now };
  return { ...suspect, status: 'active', dueAt, lastError };
}

function otherFailure(item: Connection, error: unknown, deps: RecordDependencies): StepFailure {
  const { now, random } = deps;
  const lastError = { ...toFailure(error), at: now() };
  const kept = item.suspectSince !== undefined && { suspectSince: item.suspectSince };
  const { class: failureClass, code } = lastError;
  // Tokens that wait in the rescue store were granted: the connection is well again, once they are taken up.
  const isGranted = code === 'rescued';
  if (item.status === 'reconnect' && !isGranted) {
    // It goes on waiting for a person, with the reason that it had.
    return {
      ...failing(item, now()),
      ...kept,
      status: 'reconnect',
      dueAt: nextReminder(item, now()),
      lastError: item.lastError ?? lastError,
    };
  }
  const isFinal = failureClass === 'reconnect' || failureClass === 'misconfigured';
  const failed = failing(item, now());
  return {
    ...failed,
    ...kept,
    ...(item.refusals !== undefined && { refusals: item.refusals }),
    status: isFinal ? failureClass : isGranted ? 'active' : item.status,
    dueAt: nextAttempt(item, error, failed.failures, now(), random()),
    lastError,
  };
}

/** Returns when people are reminded of a connection that waits for them; at once where no alert has reached them yet. */
const nextReminder = ({ alertedAt }: Connection, now: number): number =>
  alertedAt === undefined ? now : Math.max(now, alertedAt + REMINDER_SECONDS);

/** A refusal whose words are unknown stays a retry for a day. Then a person is asked all the same. */
function believedAtLast(item: Connection, error: unknown, now: number): unknown {
  if (!(error instanceof Failure) || error.code !== 'zoom_refused') return error;
  const isLong = now - (item.failingSince ?? now) >= UNKNOWN_REFUSAL_SECONDS;
  if (!isLong || item.failures + 1 < UNKNOWN_REFUSALS) return error;
  return new Failure(
    'reconnect',
    'zoom_refused',
    `Zoom has refused every refresh since ${utc(item.failingSince ?? now)}.`,
    `Reconnect: npx zoom-tokens connect ${item.connection}`,
  );
}

function failing(item: Connection, now: number) {
  return {
    ...(item.targets && { targets: item.targets }),
    validUntil: item.validUntil,
    failures: item.failures + 1,
    failingSince: item.failingSince ?? now,
  };
}

const suspicion = ({ validUntil }: Connection, dueAt: number): FailureDetails => ({
  class: 'retry',
  code: 'suspect',
  message: 'Zoom refused the refresh token. One refusal may be a fault at Zoom, so it is not believed yet.',
  action: `Nothing to do: it is refreshed again at ${utc(dueAt)}. n8n keeps its token until ${utc(validUntil)}.`,
});

const incident = ({ validUntil }: Connection, dueAt: number): FailureDetails => ({
  class: 'retry',
  code: 'zoom_incident',
  message: "Zoom refuses the refresh tokens of most of the app's connections, which looks like an incident.",
  action: `See status.zoom.us. It is refreshed again after ${utc(dueAt)}; n8n keeps its token until ${utc(validUntil)}.`,
});
