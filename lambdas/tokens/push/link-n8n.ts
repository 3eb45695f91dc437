import { normalN8nUrl } from '../../contract.ts';
import type { N8nInstance } from '../apis/n8n.ts';
import {
  type Connection,
  type CredentialTest,
  isRotatable,
  type PendingCredential,
  type PushTarget,
} from '../connection.ts';
import type { ConnectionView } from '../connection-view.ts';
import type { Dependencies, Push } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { withLease } from '../lease.ts';
import { assertCredentialId, assertName } from '../names.ts';
import { viewConnection } from '../operate/status.ts';
import type { StepOptions } from '../rotation/outcome.ts';
import { open } from '../sealing/seal.ts';
import type { OtherCredentials } from '../store/connections.ts';
import { N8N_TIMEOUT_SECONDS, RESPONSE_SECONDS } from '../time-budget.ts';
import { createCredential, type LinkedCredential, updateCredential } from './credential.ts';
import { instanceFromRequest } from './instance-from-request.ts';
import { listing } from './listed-url.ts';
import { assertMayPush, usesInstance } from './may-push.ts';
import { updatedTarget } from './push.ts';
import { removeUnusedInstance, writeInstance } from './stored-instances.ts';
import { testCredential } from './test-credential.ts';

/** A step pushes to all targets of a connection concurrently, within the time of one request. */
const MOST_TARGETS = 10;

export interface LinkRequest {
  connection: string;
  instance: string;
  url: string;
  apiKey: string;
  /** Without it, the credential that is already linked is used, or a new one is created. */
  credentialId?: string | undefined;
  credentialName?: string | undefined;
  /** The instance may get another address although other connections use it. */
  move?: boolean | undefined;
}

/** The result of a link. */
export interface LinkResult {
  connection: ConnectionView;
  credentialId: string;
  /** The credential is new in n8n. */
  created: boolean;
  /** n8n's own test of the credential; missing when there was no time for it. */
  tested?: CredentialTest;
}

/**
 * Pushes the connection's token to a credential of an n8n instance, and from then on each new token. Nothing but a request
 * for a new credential is stored until n8n has accepted the token. Then the secret is stored first and the connection second.
 * A repetition repairs what a crash left in between.
 * @throws {Failure} `rejected` for a bad request, an address that is not listed or an instance that others use; `retry`
 * (`busy`); or the failure of n8n
 */
export async function linkN8n(
  request: LinkRequest,
  deps: Dependencies,
  options: StepOptions,
): Promise<LinkResult> {
  const { connection, instance: name } = request;
  const port = assertRequest(request, deps);
  const instance = instanceFromRequest(request);
  await assertMayPush(request, instance, port, deps);
  assertRotatable(await getConnectionOrThrow(connection, deps.store));
  return withLease(connection, {}, deps, lastStart(options), async (item) => {
    const others = (item.targets ?? []).filter((target) => target.instance !== name);
    if (others.length >= MOST_TARGETS) throw tooManyTargets(connection);
    const sent = await sendToCredential(request, item, instance, port, deps).catch(nothingLinked);
    if (!sent) return undefined;
    const { credentialId, created } = sent;
    await writeInstance(port.settings, name, instance, deps);
    const tested = await testIfTime(instance, credentialId, port, deps, options);
    const target = updatedTarget({ instance: name, credentialId, ...madeTest(tested) }, item);
    if (!(await deps.store.setPushTargets(item, [...others, target], otherCredentials(item, target)))) {
      return undefined;
    }
    // A concurrent unlink may have removed the instance before it could see this target.
    await writeInstance(port.settings, name, instance, deps);
    deps.log.info('linked to n8n', { connection, instance: name, version: item.version });
    return { connection: await viewConnection(connection, deps), credentialId, created, ...tested };
  });
}

/** A push that fails is repeated by the sweeps; a link is not. */
export function nothingLinked(error: unknown): never {
  if (!(error instanceof Failure) || error.class !== 'retry') throw error;
  const { class: failureClass, code, message } = error;
  throw new Failure(
    failureClass,
    code,
    message,
    'Nothing was linked. Check the address, and run the command again when n8n responds.',
  );
}

/** A credential that is pushed to is no longer external, and the creation at its instance is no longer pending. */
function otherCredentials(
  { externalCredentials, pendingCredentials }: Connection,
  { instance, credentialId }: PushTarget,
): OtherCredentials {
  return {
    ...(externalCredentials && {
      externalCredentials: externalCredentials.filter(
        (each) => each.instance !== instance || each.credentialId !== credentialId,
      ),
    }),
    pendingCredentials: (pendingCredentials ?? []).filter((each) => each.instance !== instance),
  };
}

/** Only a test that n8n has made is stored. */
const madeTest = ({ tested }: { tested?: CredentialTest }) => (tested?.ok === undefined ? {} : { tested });

async function testIfTime(
  instance: N8nInstance,
  credentialId: string,
  port: Push,
  { now }: Pick<Dependencies, 'now'>,
  { deadline }: StepOptions,
): Promise<{ tested?: CredentialTest }> {
  if (now() > deadline - N8N_TIMEOUT_SECONDS - RESPONSE_SECONDS) return {};
  return { tested: await testCredential(instance, credentialId, port, now) };
}

/**
 * Stops the pushes of a connection to an n8n instance. The credential in n8n stays. The API key is removed with the last
 * connection that used it.
 * @throws {Failure} `rejected` for a bad request, or `retry` (`busy`)
 */
export async function unlinkN8n(
  request: { connection: string; instance: string },
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectionView> {
  const { connection, instance: name } = request;
  const port = assertRequest(request, deps);
  const linked = await getConnectionOrThrow(connection, deps.store);
  // A crash may have left the instance alone, which a repetition removes.
  const isKnown = hasCredential(linked, name) || (await port.settings.read({ fresh: true })).has(name);
  if (!isKnown) throw notLinked(connection, name);
  await withLease(connection, { inAnyStatus: true }, deps, lastStart(options), async (item) => {
    const others = <T extends { instance: string }>(list: T[] = []) =>
      list.filter(({ instance }) => instance !== name);
    const { externalCredentials, pendingCredentials } = item;
    const isStored = await deps.store.setPushTargets(item, others(item.targets), {
      ...(externalCredentials && { externalCredentials: others(externalCredentials) }),
      ...(pendingCredentials && { pendingCredentials: others(pendingCredentials) }),
    });
    return isStored ? true : undefined;
  });
  await removeUnusedInstance(name, port.settings, deps);
  deps.log.info('unlinked from n8n', { connection, instance: name });
  return viewConnection(connection, deps);
}

/** Returns until when a link may start, epoch seconds: four requests to n8n and the response follow. */
export const lastStart = ({ deadline }: StepOptions) => deadline - 4 * N8N_TIMEOUT_SECONDS - RESPONSE_SECONDS;

/**
 * Sends the token to the named credential, to the one that is already linked, or to a new one. A linked one is replaced
 * only when n8n itself says that it does not exist.
 */
async function sendToCredential(
  { credentialId: named, credentialName, connection, instance: name }: LinkRequest,
  item: Connection,
  instance: N8nInstance,
  { n8n }: Push,
  { store, openingKey, now }: Dependencies,
): Promise<LinkedCredential | undefined> {
  const { accessToken } = await open(item.sealedTokens, connection, openingKey);
  const linked = item.targets?.find((target) => target.instance === name);
  const existing = named ?? linked?.credentialId;
  if (existing !== undefined) {
    try {
      return await updateCredential(existing, accessToken, { instance, n8n });
    } catch (error) {
      const isGone = error instanceof Failure && error.code === 'n8n_credential_gone';
      if (!isGone || named !== undefined) throw error;
    }
  }
  const note = (pending: PendingCredential | undefined) => {
    const others = (item.pendingCredentials ?? []).filter((each) => each.instance !== name);
    const pendingCredentials = pending ? [...others, pending] : others;
    return store.setPushTargets(item, item.targets ?? [], { pendingCredentials });
  };
  return createCredential(
    credentialName ?? `Zoom ${connection}`,
    accessToken,
    item,
    { name, instance, n8n },
    { note, now },
  );
}

export function assertRequest(
  request: { connection: string; instance: string; url?: string; credentialId?: string | undefined },
  { push }: Pick<Dependencies, 'push'>,
): Push {
  const { connection, instance, url, credentialId } = request;
  assertName('connection', connection);
  assertName('instance', instance);
  if (credentialId !== undefined) assertCredentialId(credentialId);
  if (push) return push;
  throw new Failure(
    'rejected',
    'push_off',
    'This deployment pushes tokens to no n8n: its setting n8nUrls is empty.',
    listing([(url === undefined ? undefined : normalN8nUrl(url)) ?? 'https://n8n.example.com']),
  );
}

function assertRotatable(item: Connection): void {
  if (isRotatable(item)) return;
  throw new Failure(
    'rejected',
    'not_connected',
    `"${item.connection}" has no token to push: its status is "${item.status}".`,
    `Connect it again: npx zoom-tokens connect ${item.connection}.`,
  );
}

const hasCredential = (item: Connection, name: string): boolean =>
  usesInstance(item, name) || (item.pendingCredentials ?? []).some(({ instance }) => instance === name);

function notLinked(connection: string, instance: string): Failure {
  return new Failure(
    'rejected',
    'n8n_not_linked',
    `"${connection}" is not linked to an n8n instance "${instance}". Nothing was changed.`,
    `See which it is linked to: npx zoom-tokens status ${connection}`,
  );
}

function tooManyTargets(connection: string): Failure {
  return new Failure(
    'rejected',
    'too_many_targets',
    `"${connection}" is already pushed to ${MOST_TARGETS} n8n instances, which is the limit.`,
    `Unlink one (npx zoom-tokens n8n unlink ${connection}), or let n8n read Secrets Manager.`,
  );
}
