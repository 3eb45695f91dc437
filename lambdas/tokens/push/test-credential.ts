import type { N8n, N8nInstance } from '../apis/n8n.ts';
import type { CredentialTest } from '../connection.ts';
import { Failure, type FailureCode } from '../errors.ts';

/** These say that n8n does not test credentials for this key: the scope `credential:read` is missing, or the n8n is older. */
const NOT_TESTED: FailureCode[] = ['n8n_scope_missing', 'n8n_credential_gone', 'n8n_cannot_update'];

/**
 * Lets n8n test whether it can use a credential: n8n requests `GET /v2/users/me` from Zoom with it. Never fails. A
 * failed test is no proof of a dead token: an app without the scope `user:read:user` fails it too.
 */
export async function testCredential(
  instance: N8nInstance,
  credentialId: string,
  { n8n, now }: { n8n: N8n; now: () => number },
): Promise<CredentialTest> {
  try {
    const { ok, message } = await n8n.test(instance, credentialId);
    return { at: now(), ok, message };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isUntested = NOT_TESTED.includes(error.code);
    return { at: now(), message: isUntested ? UNTESTED : error.message };
  }
}

const UNTESTED = 'The API key lacks the scope credential:read, or this n8n cannot test a credential.';
