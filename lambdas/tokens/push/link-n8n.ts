import { N8N } from '../../contract.ts';
import { CREDENTIAL_TYPE, type N8nInstance } from '../apis/n8n.ts';
import { assertName, type Connection, type PushTarget } from '../connection.ts';
import type { ConnectionView } from '../connection-view.ts';
import type { Dependencies, N8nSettings, Push } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { withLease } from '../lease.ts';
import { isLoopback } from '../loopback.ts';
import { viewConnection } from '../operate/status.ts';
import type { StepOptions } from '../rotation/step.ts';
import { open } from '../sealing/seal.ts';
import { N8N_TIMEOUT_SECONDS, RESPONSE_SECONDS } from '../time-budget.ts';
import { isSameInstance, updatedTarget } from './push.ts';

/** All of them are told at once, within the time of one. */
const MOST_TARGETS = 10;
/** Writes of the secret by others that are met before it is given up. */
const MOST_WRITES = 5;
/** Secrets Manager is eventually consistent. */
const SETTLE_MS = 200;

export interface LinkRequest {
  connection: string;
  instance: string;
  url: string;
  apiKey: string;
  /** Made where it is left out, and none is linked yet. */
  credentialId?: string | undefined;
  credentialName?: string | undefined;
}

/**
 * Pushes the connection's token to a credential of an n8n, and from now on each new one. Nothing is stored until that
 * n8n has taken the token: first the secret, then the connection. A repetition mends what a crash left between.
 */
export async function linkN8n(
  request: LinkRequest,
  deps: Dependencies,
  options: StepOptions,
): Promise<{ connection: ConnectionView; credentialId: string; created: boolean }> {
  const { connection, instance: name } = request;
  assertName('connection', connection);
  assertName('instance', name);
  const port = assertPush(deps);
  const instance = instanceFrom(request);
  assertConnected(await getConnectionOrThrow(connection, deps.store));
  return withLease(connection, {}, deps, lastStart(options), async (item) => {
    const others = (item.targets ?? []).filter((target) => target.instance !== name);
    if (others.length >= MOST_TARGETS) throw tooMany(connection);
    const linked = (item.targets ?? []).find((target) => target.instance === name);
    const { accessToken } = await open(item.sealedTokens, connection, deps.keyring);
    const { credentialId, created } = await sendToCredential(accessToken, request, linked, instance, port);
    await writeInstance(port.settings, name, instance, deps);
    const targets = [...others, updatedTarget({ instance: name, credentialId }, item)];
    if (!(await deps.store.setPushTargets(item, targets))) return undefined;
    // An unlink elsewhere may have swept the instance away before it could see this target.
    await writeInstance(port.settings, name, instance, deps);
    deps.log.info('linked to n8n', { connection, instance: name, version: item.version });
    return { connection: await viewConnection(connection, deps), credentialId, created };
  });
}

/** Ends the pushing. The credential in n8n stays; the API key is forgotten with the last connection that used it. */
export async function unlinkN8n(
  { connection, instance: name }: { connection: string; instance: string },
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectionView> {
  assertName('connection', connection);
  assertName('instance', name);
  const port = assertPush(deps);
  await getConnectionOrThrow(connection, deps.store);
  await withLease(connection, { inAnyStatus: true }, deps, lastStart(options), async (item) => {
    const targets = (item.targets ?? []).filter((target) => target.instance !== name);
    return (await deps.store.setPushTargets(item, targets)) ? true : undefined;
  });
  await forgetInstance(name, port.settings, deps);
  deps.log.info('unlinked from n8n', { connection, instance: name });
  return viewConnection(connection, deps);
}

/** Returns until when a link may be started: two requests to n8n and the response have to follow. */
const lastStart = ({ deadline }: StepOptions) => deadline - 2 * N8N_TIMEOUT_SECONDS - RESPONSE_SECONDS;

/** The credential takes the token: the one that is named, the one that was linked before, or a new one. */
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

/**
 * Writes one instance into the secret, or takes it out. The secret knows no conditional write: it is read again after
 * each, and written again where somebody else has overwritten it.
 */
async function writeInstance(
  settings: N8nSettings,
  name: string,
  instance: N8nInstance | undefined,
  { wait }: Pick<Dependencies, 'wait'>,
): Promise<void> {
  for (let writes = 0; writes < MOST_WRITES; writes += 1) {
    const instances = new Map(await settings.read({ fresh: true }));
    const present = instances.get(name);
    if (instance ? present && isSameInstance(present, instance) : !present) return;
    if (instance) instances.set(name, instance);
    else instances.delete(name);
    await settings.write(instances);
    await wait(SETTLE_MS);
  }
  throw new Failure(
    'retry',
    'busy',
    'The secret with the n8n instances is being written by others at this moment.',
    'Try it again in a minute.',
  );
}

/** Takes an instance out that no connection uses, and puts it back where one was linked meanwhile. */
async function forgetInstance(name: string, settings: N8nSettings, deps: Dependencies): Promise<void> {
  const isUsed = async () =>
    (await deps.store.list()).some(({ targets = [] }) => targets.some(({ instance }) => instance === name));
  if (await isUsed()) return;
  const instance = (await settings.read({ fresh: true })).get(name);
  await writeInstance(settings, name, undefined, deps);
  if (instance && (await isUsed())) await writeInstance(settings, name, instance, deps);
}

function assertPush({ push }: Dependencies): Push {
  if (push) return push;
  throw new Failure(
    'rejected',
    'push_off',
    'This deployment does not push to n8n.',
    'Set n8nPush to true (the default) and deploy again.',
  );
}

function assertConnected({ connection, status }: Connection): void {
  if (status === 'active' || status === 'misconfigured') return;
  throw new Failure(
    'rejected',
    'not_connected',
    `"${connection}" has no token to push: it is in the state "${status}".`,
    `Connect it again: zoom-tokens connect ${connection}.`,
  );
}

/** @throws {Failure} `rejected`; it never quotes the API key */
function instanceFrom({ url: text, apiKey }: LinkRequest): N8nInstance {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPrivate = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !isPrivate || url.username || url.password || url.search || url.hash) {
    throw new Failure(
      'rejected',
      'invalid_url',
      'The address of n8n must begin with https://, with no user, query or fragment in it.',
      'Give the address at which n8n’s editor opens, such as https://n8n.example.com.',
    );
  }
  // What a header can carry.
  if (!/^[\x21-\x7e]{1,4096}$/.test(apiKey)) {
    throw new Failure(
      'rejected',
      'invalid_api_key',
      'The API key of n8n is empty, or holds what no key holds.',
      'Make one in n8n under Settings > n8n API, with the scopes credential:create and credential:update.',
    );
  }
  return { url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), apiKey };
}

function wrongType(credentialId: string, type: string): Failure {
  return new Failure(
    'rejected',
    'n8n_wrong_type',
    `The credential "${credentialId.slice(0, 60)}" is of the type "${type.slice(0, 60)}", not ${N8N.credentialType}; it was not changed.`,
    `Pass the id of a credential of the type ${N8N.credentialType}, or none to create one.`,
  );
}

function tooMany(connection: string): Failure {
  return new Failure(
    'rejected',
    'too_many_targets',
    `"${connection}" is pushed to ${MOST_TARGETS} n8n instances already.`,
    'Unlink one, or let n8n read Secrets Manager.',
  );
}
