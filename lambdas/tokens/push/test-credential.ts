import type { N8nInstance } from '../apis/n8n.ts';
import { type Connection, type CredentialTest, logContext, type PushTarget } from '../connection.ts';
import type { Dependencies, Push } from '../dependencies.ts';
import { Failure, type FailureCode } from '../errors.ts';
import { N8N_TIMEOUT_SECONDS, STORE_SECONDS } from '../time-budget.ts';

/** Codes that say: this n8n does not test the credential for this key. */
const NOT_TESTED: FailureCode[] = ['n8n_scope_missing', 'n8n_too_old'];

const NO_TEST =
  'n8n did not test the credential: the API key lacks the scope credential:read, or this n8n has no such test.';

/**
 * Lets n8n test whether it can use a credential: n8n requests `GET /v2/users/me` from Zoom with it. A failed test is no
 * proof of a dead token: an app without the scope `user:read:user` fails it too.
 * @throws {Failure} the failure of n8n
 */
export async function readTest(
  instance: N8nInstance,
  credentialId: string,
  { n8n }: Pick<Push, 'n8n'>,
  now: Dependencies['now'],
): Promise<CredentialTest> {
  const { ok, message } = await n8n.test(instance, credentialId);
  return { at: now(), ok, message };
}

/** Tests a credential as `readTest` does, and returns a failure of n8n as a test that failed or was not made. */
export async function testCredential(
  instance: N8nInstance,
  credentialId: string,
  port: Pick<Push, 'n8n'>,
  now: Dependencies['now'],
): Promise<CredentialTest> {
  try {
    return await readTest(instance, credentialId, port, now);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'n8n_credential_gone') return { at: now(), ok: false, message: error.message };
    return { at: now(), message: NOT_TESTED.includes(error.code) ? NO_TEST : error.message };
  }
}

/**
 * Tests the credential of a target that took a token after a failure, while there is time. Never throws.
 * @param deadline when the function ends, epoch seconds
 */
export async function testTarget(
  target: PushTarget,
  item: Connection,
  { now, log }: Pick<Dependencies, 'now' | 'log'>,
  port: Push,
  deadline: number,
): Promise<PushTarget> {
  if (now() > deadline - N8N_TIMEOUT_SECONDS - STORE_SECONDS) return target;
  try {
    const instance = (await port.settings.read()).get(target.instance);
    if (!instance) return target;
    const tested = await testCredential(instance, target.credentialId, port, now);
    // The link has said that n8n does not test it.
    if (tested.ok === undefined) return target;
    if (!tested.ok) {
      log.warn('n8n tested the credential, and the test failed', {
        ...logContext(item),
        instance: target.instance,
        reason: tested.message,
      });
    }
    return { ...target, tested };
  } catch {
    // The push has succeeded, and the test is not worth its failure.
    return target;
  }
}
