import { createHash } from 'node:crypto';
import { N8N } from '../../contract.ts';
import { CREDENTIAL_TYPE, type N8n, type N8nInstance } from '../apis/n8n.ts';
import { LostResponse } from '../apis/n8n-failures.ts';
import type { Connection, PendingCredential } from '../connection.ts';
import { Failure } from '../errors.ts';

/** A credential counts as created by a request if it is at most this many seconds older. */
const TOLERANCE_SECONDS = 60;

/** The credential that takes the token. */
export interface LinkedCredential {
  credentialId: string;
  created: boolean;
}

interface Destination {
  /** Name of the n8n instance. */
  name: string;
  instance: N8nInstance;
  n8n: N8n;
}

/**
 * Sends the token to an existing credential.
 * @throws {Failure} `rejected` (`n8n_wrong_type`), or the failure of n8n
 */
export async function updateCredential(
  credentialId: string,
  accessToken: string,
  { instance, n8n }: Pick<Destination, 'instance' | 'n8n'>,
): Promise<LinkedCredential> {
  const type = await n8n.type(instance, credentialId);
  if (type !== undefined && type !== CREDENTIAL_TYPE) throw wrongType(credentialId, type);
  await n8n.update(instance, credentialId, accessToken);
  return { credentialId, created: false };
}

/**
 * Creates a credential that has the token, and only one, however often it is repeated. n8n 2.41.0 and later refuse a
 * second credential of the same id. For an earlier n8n, `note` stores the request before it is sent; a repetition then
 * looks for the credential, which needs the scope `credential:list`, and otherwise leaves that to the operator.
 * @param note stores, or removes, what is pending at this instance; `false` when a consent came between
 * @throws {Failure} `n8n_creation_unknown` when an earlier request may have created one, or the failure of n8n
 * @returns `undefined` when a consent came between
 */
export async function createCredential(
  credentialName: string,
  accessToken: string,
  item: Connection,
  destination: Destination,
  { note, now }: { note: (pending: PendingCredential | undefined) => Promise<boolean>; now: () => number },
): Promise<LinkedCredential | undefined> {
  const { name, instance, n8n } = destination;
  const earlier = (item.pendingCredentials ?? []).find(
    (each) => each.instance === name && each.url === instance.url,
  );
  const found = earlier && (await findCreated(earlier, destination, now()));
  if (found?.[0] !== undefined) {
    return { ...(await updateCredential(found[0], accessToken, destination)), created: true };
  }
  const isUnknown = earlier !== undefined && found === undefined;
  const pending = isUnknown ? earlier : newCredential(credentialName, item, destination, now());
  if (!(await note(pending))) return undefined;
  const { id } = pending;
  try {
    const creation = await n8n.createAs(instance, id, credentialName, accessToken);
    if (creation.kind === 'created') return { credentialId: creation.id, created: true };
    if (creation.kind === 'exists') {
      return { ...(await updateCredential(id, accessToken, destination)), created: earlier !== undefined };
    }
    if (isUnknown) throw creationUnknown(earlier);
    return { credentialId: await n8n.create(instance, credentialName, accessToken), created: true };
  } catch (error) {
    const isSettled = error instanceof Failure && !(error instanceof LostResponse) && !isUnknown;
    if (isSettled) await note(undefined);
    throw error;
  }
}

/** Returns the credentials that the earlier request created; `undefined` when n8n does not list them all. */
async function findCreated(
  { name, at }: PendingCredential,
  { instance, n8n }: Destination,
  now: number,
): Promise<string[] | undefined> {
  try {
    return await n8n.find(instance, name, now - at + TOLERANCE_SECONDS);
  } catch (error) {
    const cannotList = ['n8n_scope_missing', 'n8n_no_api', 'n8n_cannot_update', 'n8n_refused', 'n8n_too_old'];
    if (error instanceof Failure && cannotList.includes(error.code)) return undefined;
    throw error;
  }
}

/** Its id is the same for the same consent, instance and name, and no other installation's. */
function newCredential(
  credentialName: string,
  { consentId }: Connection,
  { name, instance }: Destination,
  at: number,
): PendingCredential {
  const origin = JSON.stringify([consentId, name, credentialName]);
  const id = createHash('sha256').update(origin).digest('base64url').slice(0, 16);
  return { instance: name, url: instance.url, id, name: credentialName, at };
}

function creationUnknown({ instance, url, name }: PendingCredential): Failure {
  return new Failure(
    'misconfigured',
    'n8n_creation_unknown',
    `No credential was created: n8n at ${url} may have created "${name}" before, and its response was lost.`,
    `Look for it in n8n. If it exists, pass its id with --credential; otherwise run npx zoom-tokens n8n unlink with --instance ${instance}, and link again. With the scope credential:list, the link looks by itself.`,
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
