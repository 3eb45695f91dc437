import type { N8nInstance } from '../apis/n8n.ts';
import { type Connection, logContext, type PushTarget } from '../connection.ts';
import type { Dependencies, Push } from '../dependencies.ts';
import { CONNECTION, Failure, namingConnection, toFailure } from '../errors.ts';
import { backOff } from '../schedule.ts';
import { open } from '../sealing/seal.ts';
import { N8N_TIMEOUT_SECONDS, STORE_SECONDS } from '../time-budget.ts';
import { putOffUntil, withinShare } from './instance-share.ts';
import { assertListed } from './listed-url.ts';
import { isOutdated } from './outdated.ts';
import { testTarget } from './test-credential.ts';

/** The item with its updated targets, and the numbers of successful and failed pushes. */
export interface PushResult {
  item: Connection;
  pushed: number;
  failed: number;
}

/** For how long an instance that does not respond gets no request. */
const PAUSE_SECONDS = 30;
const LONGEST_PAUSE_SECONDS = 5 * 60;

type PushDependencies = Pick<Dependencies, 'push' | 'openingKey' | 'now' | 'elapsed' | 'random' | 'log'>;

/**
 * Pushes the item's token, concurrently, to every n8n credential that has an older one. Never throws: a failure is recorded
 * in its target, with the time of the next attempt. An instance whose share is used up gets no request, and the target is
 * put off: that is no failure.
 * @param deadline when the function ends, epoch seconds
 */
export async function push(item: Connection, deps: PushDependencies, deadline: number): Promise<PushResult> {
  const { push: port, openingKey, now, elapsed, random } = deps;
  const { targets = [] } = item;
  const isDue = (target: PushTarget) => isOutdated(target, item) && (target.retryAt ?? 0) <= now();
  const hasTime = now() <= deadline - N8N_TIMEOUT_SECONDS - STORE_SECONDS;
  if (!port || !hasTime || !targets.some(isDue)) return { item, pushed: 0, failed: 0 };
  const opened = open(item.sealedTokens, item.connection, openingKey);
  const outcomes = await Promise.all(
    targets.map(async (target) => {
      if (!isDue(target)) return { target };
      try {
        const { accessToken } = await opened;
        const instance = await findInstance(target.instance, port, now);
        const updated = await withinShare(target.instance, port.shares, elapsed, async () => {
          await sendToken(instance, target, accessToken, port, now);
          const taken = updatedTarget(target, item);
          return target.failures > 0 ? testTarget(taken, item, deps, port, deadline) : taken;
        });
        if (updated) return { target: updated, kind: 'push' as const };
        return { target: { ...target, retryAt: putOffUntil(now(), random()) } };
      } catch (error) {
        return { target: failedTarget(target, error, item, deps), kind: 'fail' as const };
      }
    }),
  );
  return {
    item: { ...item, targets: outcomes.map(({ target }) => target) },
    pushed: outcomes.filter(({ kind }) => kind === 'push').length,
    failed: outcomes.filter(({ kind }) => kind === 'fail').length,
  };
}

/** Returns when the next push is due, epoch seconds; `Infinity` if none is pending or this deployment does not push. */
export function nextPush(item: Connection, { push: port, now }: Pick<Dependencies, 'push' | 'now'>): number {
  if (!port) return Infinity;
  const outdated = (item.targets ?? []).filter((target) => isOutdated(target, item));
  return Math.min(Infinity, ...outdated.map(({ retryAt }) => retryAt ?? now()));
}

/** Returns a target that has accepted the item's token. */
export const updatedTarget = (
  { instance, credentialId, tested }: Pick<PushTarget, 'instance' | 'credentialId' | 'tested'>,
  { version, expiresAt }: Pick<Connection, 'version' | 'expiresAt'>,
): PushTarget => ({
  ...{ instance, credentialId, pushedVersion: version, validUntil: expiresAt, failures: 0 },
  ...(tested && { tested }),
});

/** Logs the failure, and returns the target with it and the time of the next attempt. */
function failedTarget(
  target: PushTarget,
  error: unknown,
  item: Connection,
  { now, random, log }: PushDependencies,
): PushTarget {
  const failures = target.failures + 1;
  const lastError = { ...toFailure(namingConnection(error, item.connection)), at: now() };
  const retryAfter = error instanceof Failure ? error.retryAfter : undefined;
  log[lastError.class === 'retry' ? 'warn' : 'error'](lastError.message, {
    ...logContext(item),
    instance: target.instance,
    class: lastError.class,
    code: lastError.code,
    failures,
  });
  const pause = backOff({ class: lastError.class, retryAfter }, failures, random());
  return { ...target, failures, lastError, retryAt: now() + pause };
}

/** Throws the error that paused the instance, while that lasts. */
async function findInstance(name: string, port: Push, now: Dependencies['now']): Promise<N8nInstance> {
  const { settings, pauses } = port;
  const instance = (await settings.read()).get(name) ?? (await settings.read({ fresh: true })).get(name);
  if (!instance) throw unknownInstance(name);
  assertListed(instance, port, 'misconfigured');
  const pause = pauses.get(name);
  if (pause && pause.until > now() && isSameInstance(pause.instance, instance)) throw pause.error;
  return instance;
}

async function sendToken(
  cached: N8nInstance,
  { instance: name, credentialId }: PushTarget,
  accessToken: string,
  port: Push,
  now: Dependencies['now'],
): Promise<void> {
  const { settings, n8n, pauses } = port;
  try {
    await n8n.update(cached, credentialId, accessToken);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (
      error.code === 'n8n_unreachable' ||
      error.code === 'n8n_rate_limited' ||
      error.retryAfter !== undefined
    ) {
      const seconds = Math.min(LONGEST_PAUSE_SECONDS, Math.max(PAUSE_SECONDS, error.retryAfter ?? 0));
      pauses.set(name, { until: now() + seconds, instance: cached, error });
    }
    if (error.class !== 'misconfigured') throw error;
    // n8n refuses quickly, so there is time to retry if the operator has linked the instance again.
    const fresh = (await settings.read({ fresh: true })).get(name);
    if (!fresh || isSameInstance(fresh, cached)) throw error;
    assertListed(fresh, port, 'misconfigured');
    await n8n.update(fresh, credentialId, accessToken);
  }
}

export const isSameInstance = (one: N8nInstance, other: N8nInstance): boolean =>
  one.url === other.url && one.apiKey === other.apiKey;

function unknownInstance(name: string): Failure {
  return new Failure(
    'misconfigured',
    'n8n_unknown',
    `Token not pushed: the n8n secret has no instance "${name}".`,
    `Link it again: npx zoom-tokens n8n link ${CONNECTION}`,
  );
}
