import { DEFAULT_APP } from './contract.ts';
import type { OperatorRequest, OperatorResults } from './operator-protocol.ts';
import type { Runtime } from './runtime.ts';
import { toView } from './tokens/connection-view.ts';
import { connectServerToServer } from './tokens/consent/connect-server-to-server.ts';
import { createLink } from './tokens/consent/create-link.ts';
import { linkOutcome } from './tokens/consent/link-outcome.ts';
import { cancelLinks, listOpenLinks, renewLinks } from './tokens/consent/open-links.ts';
import { disconnect } from './tokens/disconnect/disconnect.ts';
import { Failure } from './tokens/errors.ts';
import { readKeyStatus, viewKeyRotation } from './tokens/key-rotation/key-status.ts';
import { assertName } from './tokens/names.ts';
import { type AlertTopic, checkAlertTopic } from './tokens/operate/alert-topic.ts';
import { fullBundles } from './tokens/operate/bundle-rooms.ts';
import { readHistory } from './tokens/operate/history.ts';
import { defaultPlace, deployedAppSecret, describeInstallation } from './tokens/operate/installation.ts';
import { moveConnection } from './tokens/operate/move-connection.ts';
import { overview } from './tokens/operate/overview.ts';
import { rotateNow } from './tokens/operate/rotate-now.ts';
import { viewConnection } from './tokens/operate/status.ts';
import { bundleOf, type Place } from './tokens/publication/place.ts';
import { linkExternalCredential } from './tokens/push/external-credential.ts';
import { linkN8n, unlinkN8n } from './tokens/push/link-n8n.ts';
import type { StepOptions } from './tokens/rotation/outcome.ts';
import { logFailure } from './web/middleware.ts';

/**
 * Carries out a request. What a rare action alone needs is imported with it.
 * @param writeAuditLine writes a line for `check`, which finds out whether the audit log can be written
 * @throws {Failure} the failure of the action
 */
export async function perform(
  request: OperatorRequest,
  runtime: Runtime,
  options: StepOptions,
  writeAuditLine: () => Promise<void>,
): Promise<OperatorResults[keyof OperatorResults]> {
  switch (request.action) {
    case 'about':
      return describeInstallation(runtime.installation, runtime.now());
    case 'link': {
      const wanted = await withApp(request, runtime);
      const link = await createLink({ ...request, ...wanted }, runtime, runtime.publicUrl);
      // The callback function needs it once the link is opened, and may not publish it.
      await runtime.publishKey().catch(logFailure);
      return link;
    }
    case 'link-outcome':
      return linkOutcome(request.id, runtime);
    case 'links':
      return { now: runtime.now(), links: await listOpenLinks(runtime) };
    case 'links-cancel':
      return { cancelled: await cancelLinks(request.connection, runtime) };
    case 'links-renew':
      return renewLinks(runtime, runtime.publicUrl);
    case 'connect': {
      const { outcome } = await connectServerToServer(await withApp(request, runtime), runtime, options);
      return { connection: await viewConnection(request.connection, runtime), outcome: outcome.kind };
    }
    case 'move':
      return moveNow(request, runtime, options);
    case 'status':
      return statusNow(request, runtime);
    case 'history': {
      const { connection, seconds } = request;
      const now = runtime.now();
      const since = seconds === undefined ? undefined : now - seconds;
      return { now, connection, entries: await readHistory(connection, runtime, since) };
    }
    case 'rotate':
      return { ...(await rotateNow(request.connection, runtime, options)), now: runtime.now() };
    case 'rotate-key': {
      const { previewKeyRotation, rotateKeys } = await import('./tokens/key-rotation/rotate-keys.ts');
      return request.preview
        ? previewKeyRotation(runtime, runtime.installation)
        : rotateKeys(runtime, runtime.installation);
    }
    case 'key-status':
      return (await readKeyStatus(runtime, runtime.installation)).status;
    case 'disconnect':
      return disconnectNow(request, runtime, options);
    case 'n8n-link': {
      const { externalSecret = false, credentialId } = request;
      if (!externalSecret) return linkN8n(request, runtime, options);
      if (credentialId === undefined) throw badRequest();
      return linkExternalCredential({ ...request, credentialId }, runtime, options);
    }
    case 'n8n-unlink':
      return { connection: await unlinkN8n(request, runtime, options) };
    case 'n8n-test': {
      const { testCredentials } = await import('./tokens/operate/test-credentials.ts');
      return { tested: await testCredentials(request.connections, runtime) };
    }
    case 'check': {
      const { policyEntities } = await import('./aws/policy-entities.ts');
      const { createBucketProbe } = await import('./aws/probe-bucket.ts');
      const { checkInstallation } = await import('./tokens/operate/check-installation.ts');
      const [checked, keyRotation] = await Promise.all([
        checkInstallation(request.apps ?? [], runtime, runtime.installation, {
          policyEntities,
          alertTopic: alertTopicOf(runtime),
          rescue: createBucketProbe(runtime.installation.existing.rescueBucket),
          audit: runtime.auditLogGroup === undefined ? undefined : writeAuditLine,
        }),
        viewKeyRotation(runtime).catch(() => undefined),
      ]);
      return { ...checked, ...(keyRotation && { keyRotation }) };
    }
    case 'probe': {
      const { probeTokens } = await import('./tokens/operate/probe-tokens.ts');
      return { probed: await probeTokens(request.connections, runtime) };
    }
  }
}

/** Events that `status` shows of one connection. */
const LAST_EVENTS = 3;

async function statusNow(
  { connection, alertTopic = false, ...list }: Extract<OperatorRequest, { action: 'status' }>,
  runtime: Runtime,
): Promise<OperatorResults['status']> {
  if (connection !== undefined) {
    const view = await viewConnection(connection, runtime);
    // The status must be seen even where the history cannot be read.
    const history = await runtime.history.read(connection).catch(() => []);
    const bundles = await fullBundles([view], runtime).catch(() => []);
    return {
      ...{ now: runtime.now(), connections: [view], history: history.slice(-LAST_EVENTS) },
      ...(bundles.length > 0 && { bundles }),
    };
  }
  const [page, topic, keyRotation] = await Promise.all([
    overview(list, runtime),
    alertTopic ? alertTopicOf(runtime)?.() : undefined,
    // The status must be seen even where the key cannot be read.
    list.after === undefined ? viewKeyRotation(runtime).catch(() => undefined) : undefined,
  ]);
  return {
    ...page,
    ...(topic && { alertTopic: topic }),
    ...(keyRotation && keyRotation.completedAt === undefined && { keyRotation }),
  };
}

/** Returns a function that reads the topic's subscribers; `undefined` without a topic. */
function alertTopicOf({ alertTopicArn }: Runtime): (() => Promise<AlertTopic>) | undefined {
  if (alertTopicArn === undefined) return undefined;
  return async () => {
    // Imported here, because most requests need no SNS client.
    const { topicSubscribers } = await import('./aws/topic-subscribers.ts');
    return checkAlertTopic(alertTopicArn, topicSubscribers);
  };
}

async function disconnectNow(
  { connection, force = false }: { connection: string; force?: boolean | undefined },
  runtime: Runtime,
  options: StepOptions,
): Promise<OperatorResults['disconnect']> {
  const began = runtime.now();
  const item = await disconnect(connection, runtime, { ...options, force });
  const { revokedAt, secretDeletedAt, disconnectedAt = began } = item;
  return {
    now: runtime.now(),
    connection: toView(item, runtime),
    revoked: revokedAt !== undefined,
    ...(secretDeletedAt !== undefined && { secretDeletedAt }),
    ...(disconnectedAt < began && { repeated: true }),
  };
}

/** Adds the app: the one that the request names, else the connection's present one, else `default`. */
async function withApp(
  { connection, app, place }: { connection: string; app?: string | undefined; place?: Place | undefined },
  { store, installation }: Runtime,
) {
  assertName('connection', connection);
  if (app !== undefined) {
    assertName('app', app);
    deployedAppSecret(app, installation);
  }
  const bundle = bundleOf(place);
  if (bundle !== undefined) assertName('bundle', bundle);
  const existing = await store.get(connection);
  const chosen = app ?? existing?.app ?? DEFAULT_APP;
  const wanted = place ?? (existing ? undefined : defaultPlace(chosen, installation));
  return { connection, app: chosen, ...(wanted && { place: wanted }) };
}

async function moveNow(
  { place, ...request }: Extract<OperatorRequest, { action: 'move' }>,
  runtime: Runtime,
  options: StepOptions,
): Promise<OperatorResults['move']> {
  assertName('connection', request.connection);
  if (place === 'none') throw badRequest();
  const bundle = bundleOf(place);
  if (bundle !== undefined) assertName('bundle', bundle);
  const connection = await moveConnection({ ...request, place }, runtime, options);
  return { now: runtime.now(), connection };
}

/** Error for a request that this version does not know. */
export function badRequest(): Failure {
  return new Failure(
    'rejected',
    'bad_request',
    'The operator function does not support this request.',
    'Run zoom-tokens in the version that is deployed.',
  );
}
