import type { Connection, ExternalCredential, PushTarget } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { withLease } from '../lease.ts';
import { viewConnection } from '../operate/status.ts';
import type { StepOptions } from '../rotation/outcome.ts';
import { instanceFromRequest } from './instance-from-request.ts';
import { assertRequest, type LinkRequest, type LinkResult, lastStart, nothingLinked } from './link-n8n.ts';
import { assertMayPush } from './may-push.ts';
import { writeInstance } from './stored-instances.ts';
import { readTest } from './test-credential.ts';

/** `doctor` tests them all, one after another. */
const MOST_EXTERNAL = 10;

/**
 * Registers a credential whose field is an expression that reads the published secret. n8n tests it, and nothing ever
 * writes it: if it was a push target before, the pushes to it end.
 * @throws {Failure} `rejected` for a bad request or a connection without a secret, `retry` (`busy`), or the failure of n8n, which needs the scope
 * `credential:read`
 */
export async function linkExternalCredential(
  request: LinkRequest & { credentialId: string },
  deps: Dependencies,
  options: StepOptions,
): Promise<LinkResult> {
  const { connection, instance: name, credentialId } = request;
  const port = assertRequest(request, deps);
  const instance = instanceFromRequest(request);
  await assertMayPush(request, instance, port, deps);
  await getConnectionOrThrow(connection, deps.store);
  return withLease(connection, { inAnyStatus: true }, deps, lastStart(options), async (item) => {
    if (item.place === 'none') throw notPublished(connection);
    const others = (item.externalCredentials ?? []).filter((each) => each.instance !== name);
    if (others.length >= MOST_EXTERNAL) throw tooManyExternal(connection);
    const tested = await readTest(instance, credentialId, port, deps.now).catch(nothingLinked);
    await writeInstance(port.settings, name, instance, deps);
    const credential: ExternalCredential = { instance: name, credentialId, tested };
    const externalCredentials = [...others, credential];
    const targets = (item.targets ?? []).filter((target) => !isSameCredential(target, credential));
    if (!(await deps.store.setPushTargets(item, targets, { externalCredentials }))) return undefined;
    // A concurrent unlink may have removed the instance before it could see this credential.
    await writeInstance(port.settings, name, instance, deps);
    deps.log.info('registered an external credential', { connection, instance: name });
    return { connection: await viewConnection(connection, deps), credentialId, created: false, tested };
  });
}

const isSameCredential = (
  one: Pick<PushTarget, 'instance' | 'credentialId'>,
  other: Pick<PushTarget, 'instance' | 'credentialId'>,
) => one.instance === other.instance && one.credentialId === other.credentialId;

function notPublished(connection: Connection['connection']): Failure {
  return new Failure(
    'rejected',
    'not_published',
    `Nothing was registered: "${connection}" has no secret that an expression could read. Its token is only pushed.`,
    `Run the command without --external-secret to push to the credential. Or publish it first: npx zoom-tokens bundle ${connection} --none`,
  );
}

function tooManyExternal(connection: Connection['connection']): Failure {
  return new Failure(
    'rejected',
    'too_many_targets',
    `"${connection}" has ${MOST_EXTERNAL} registered credentials already, the maximum.`,
    'Unlink one of them.',
  );
}
