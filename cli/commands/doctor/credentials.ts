import type { ConnectionView, CredentialProbe } from '../../../lambdas/operator-protocol.ts';
import { TEST_ADVICE } from '../../connection/remarks.ts';
import { type Finding, note, well, wrong } from './finding.ts';

/** Returns whether n8n has a credential of the connection that it can test. */
export const hasCredentials = ({ targets = [], externalCredentials = [] }: ConnectionView): boolean =>
  targets.length + externalCredentials.length > 0;

/** Returns whether n8n itself can use each credential; nothing when no credential is known. */
export function credentialFindings(probes: CredentialProbe[]): Finding[] {
  return probes.map((probe) => {
    const { connection, instance, credentialId, kind, tested } = probe;
    const credential = `${connection}: the n8n instance "${instance}"`;
    if (tested.ok === undefined) {
      return note('push', `${credential} did not test the credential ${credentialId}. ${tested.message}`);
    }
    if (tested.ok) {
      // The other processes of n8n have caches of their own.
      const limit = kind === 'external' ? ' This shows the cache of the n8n process that responded.' : '';
      return well('push', `${credential} can use the token in the credential ${credentialId}.${limit}`);
    }
    const text = `${credential} tested the credential ${credentialId}, and the test failed: ${tested.message}`;
    const advice = kind === 'external' ? `${TEST_ADVICE} ${STALE_CACHE}` : TEST_ADVICE;
    return MAY_LACK_SCOPE.test(tested.message) ? note('push', text, advice) : wrong('push', text, advice);
  });
}

/** Zoom refuses a request without the scope with 400, and a dead token with 401. */
const MAY_LACK_SCOPE = /\bscopes?\b|\b400\b|bad request/i;

const STALE_CACHE =
  'n8n may also hold an earlier value: it reads the secret again after N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL seconds.';
