import { N8N } from '../../contract.ts';
import { CREDENTIAL_TYPE, type N8nInstance } from '../apis/n8n.ts';
import { assertName, type Connection, isRotatable, type PushTarget } from '../connection.ts';
import type { ConnectionView } from '../connection-view.ts';
import type { Dependencies, Push } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { withLease } from '../lease.ts';
import { viewConnection } from '../operate/status.ts';
import type { StepOptions } from '../rotation/step.ts';
import { open } from '../sealing/seal.ts';
import { N8N_TIMEOUT_SECONDS, RESPONSE_SECONDS } from '../time-budget.ts';
import { instanceFromRequest } from './instance-from-request.ts';
import { updatedTarget } from './push.ts';
import { removeUnusedInstance, writeInstance } from './stored-instances.ts';

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
}

/**
 * Pushes the connection's token to a credential of an n8n instance, and from then on each new token. Nothing is stored until
 * n8n has accepted the token. Then the secret is stored first and the connection second. A repetition repairs what a crash
 * left in between.
 * @throws {Failure} `rejected` for a bad request, `retry` (`busy`), or the failure of n8n
 */
export async function linkN8n(
  request: LinkRequest,
  deps: Dependencies,
  options: StepOptions,
): Promise<{ connection: ConnectionView; credentialId: string; created: boolean }> {
  const { connection, instance: name } = request;
  const port = assertRequest(request, deps);
  const instance = instanceFromRequest(request);
  assertRotatable(await getConnectionOrThrow(connection, deps.store));
  return withLease(connection, {}, deps, lastStart(options), async (item) => {
    const others = (item.targets ?? []).filter((target) => target.instance !== name);
    if (others.length >= MOST_TARGETS) throw tooManyTargets(connection);
    const linked = (item.targets ?? []).find((target) => target.instance === name);
    const { accessToken } = await open(item.sealedTokens, connection, deps.keyring);
    const { credentialId, created } = await sendToCredential(accessToken, request, linked, instance, port);
    await writeInstance(port.settings, name, instance, deps);
    const targets = [...others, updatedTarget({ instance: name, credentialId }, item)];
    if (!(await deps.store.setPushTargets(item, targets))) return undefined;
    // A concurrent unlink may have removed the instance before it could see this target.
    await writeInstance(port.settings, name, instance, deps);
    deps.log.info('linked to n8n', { connection, instance: name, version: item.version });
    return { connection: await viewConnection(connection, deps), credentialId, created };
  });
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
  await getConnectionOrThrow(connection, deps.store);
  await withLease(connection, { inAnyStatus: true }, deps, lastStart(options), async (item) => {
    const targets = (item.targets ?? []).filter((target) => target.instance !== name);
    return (await deps.store.setPushTargets(item, targets)) ? true : undefined;
  });
  await removeUnusedInstance(name, port.settings, deps);
  deps.log.info('unlinked from n8n', { connection, instance: name });
  return viewConnection(connection, deps);
}

/** Returns until when a link may start, epoch seconds: two requests to n8n and the response follow. */
const lastStart = ({ deadline }: StepOptions) => deadline - 2 * N8N_TIMEOUT_SECONDS - RESPONSE_SECONDS;

/** Sends the token to the named credential, to the one that is already linked, or to a new one. */
async function sendToCredential(
  accessToken: string,
  { credentialId: named, credentialName, connection }: LinkRequest,
  linked: PushTarget | undefined,
  instance: N8nInstance,
  { n8n }: Push,
): Promise<{ credentialId: string; created: boolean }> {
  const existing = named ?? linked?.credentialId;
  if (existing !== undefined) {
    try {
      const type = await n8n.type(instance, existing);
      if (type !== undefined && type !== CREDENTIAL_TYPE) throw wrongType(existing, type);
      await n8n.update(instance, existing, accessToken);
      return { credentialId: existing, created: false };
    } catch (error) {
      const isGone = error instanceof Failure && error.code === 'n8n_credential_gone';
      if (!isGone || named !== undefined) throw error;
    }
  }
  const name = credentialName ?? `Zoom ${connection}`;
  return { credentialId: await n8n.create(instance, name, accessToken), created: true };
}

function assertRequest(
  { connection, instance }: { connection: string; instance: string },
  { push }: Pick<Dependencies, 'push'>,
): Push {
  assertName('connection', connection);
  assertName('instance', instance);
  if (push) return push;
  throw new Failure(
    'rejected',
    'push_off',
    'This deployment does not push to n8n.',
    'Set n8nPush to true (the default) and deploy again: npx cdk deploy.',
  );
}

function assertRotatable(item: Connection): void {
  if (isRotatable(item)) return;
  throw new Failure(
    'rejected',
    'not_connected',
    `"${item.connection}" has no token to push: its status is "${item.status}".`,
    `Connect it again: zoom-tokens connect ${item.connection}.`,
  );
}

function wrongType(credentialId: string, type: string): Failure {
  return new Failure(
    'rejected',
    'n8n_wrong_type',
    `The credential "${credentialId.slice(0, 60)}" was not changed: its type is "${type.slice(0, 60)}", not ${N8N.credentialType}.`,
    `Name a credential of the type ${N8N.credentialType}, or name none and a new one is created.`,
  );
}

function tooManyTargets(connection: string): Failure {
  return new Failure(
    'rejected',
    'too_many_targets',
    `"${connection}" is already pushed to ${MOST_TARGETS} n8n instances, which is the limit.`,
    `Unlink one (zoom-tokens n8n unlink ${connection}), or let n8n read Secrets Manager.`,
  );
}
