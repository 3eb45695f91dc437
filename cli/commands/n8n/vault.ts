import { BUNDLE_SECRET_PREFIX, PUBLISHED_SECRET_PREFIX } from '../../../lambdas/contract.ts';
import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { expression } from '../../../lambdas/operator-protocol.ts';
import { DEFAULT_INTERVAL_SECONDS } from '../../connection/n8n-interval.ts';
import { UsageError } from '../../errors.ts';

/** The vault's name is part of a dotted expression, so n8n allows no other characters. */
const VAULT_PATTERN = /^[a-zA-Z][a-zA-Z0-9]*$/;

/** Throws unless n8n allows the name for a vault. @throws {UsageError} */
export function assertVault(vault: string): void {
  if (VAULT_PATTERN.test(vault)) return;
  throw new UsageError(
    `"${vault.slice(0, 60)}" cannot be the name of a vault in n8n.`,
    'Use a letter, then letters and digits: --vault aws',
  );
}

/** The n8n credential of a connection. */
export interface N8nCredential {
  connection: string;
  /** The credential's name in n8n, which `n8n link` uses as well. */
  name: string;
  /** `null` for a connection that is only pushed. */
  expression: string | null;
  /** The id of the credential to which the token is pushed; `null` where there is no push. */
  id: string | null;
}

/** Returns a credential for each connection that is not disconnected. */
export function n8nCredentials(views: ConnectionView[], vault: string): N8nCredential[] {
  const connected = views.filter(({ status }) => status !== 'disconnected');
  return connected.map((view) => ({
    connection: view.connection,
    name: credentialName(view.connection),
    expression: expression(view, vault) ?? null,
    id: view.targets?.[0]?.credentialId ?? null,
  }));
}

/** Returns the default name of a connection's credential in n8n. */
export const credentialName = (connection: string) => `Zoom ${connection}`;

const SHORT_INTERVAL_SECONDS = 30;

/**
 * Returns the value for `N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL`, seconds. It is short where a rotation may revoke the
 * earlier token, because n8n holds the revoked token until its next poll. A connection that is only pushed is not polled.
 */
export function updateInterval(views: ConnectionView[]): number {
  const mayBeRevoked = views.some(
    ({ status, overlap, secretName }) =>
      status !== 'disconnected' && overlap !== 'yes' && secretName !== undefined,
  );
  return mayBeRevoked ? SHORT_INTERVAL_SECONDS : DEFAULT_INTERVAL_SECONDS;
}

/**
 * Returns the connections whose secret n8n's policy does not allow, by name.
 * @param readers the bundles that the policy names; `undefined` if it allows every published secret
 */
export function unreadableByN8n(
  views: ConnectionView[],
  readers: readonly string[] | undefined,
): ConnectionView[] {
  if (readers === undefined) return [];
  const readable = new Set(readers.map((bundle) => BUNDLE_SECRET_PREFIX + bundle));
  return views.filter(
    ({ status, secretName }) =>
      status !== 'disconnected' && secretName !== undefined && !readable.has(secretName),
  );
}

/** The action for a connection that n8n's policy does not allow. */
export const READERS_ACTION =
  'Add its bundle to "readers" and deploy, or move it: npx zoom-tokens bundle <connection> <bundle>';

/**
 * Returns the IAM policy that n8n's AWS Secrets Manager provider needs. The stack's own policy grants the same.
 * @param readers as `unreadableByN8n` takes them
 */
export function readPolicy(region: string | undefined, readers?: readonly string[]) {
  const [prefix] = (region ?? '').split('-');
  const partition = region?.startsWith('us-gov-') ? 'aws-us-gov' : prefix === 'cn' ? 'aws-cn' : 'aws';
  const arnOf = (name: string) => `arn:${partition}:secretsmanager:${region ?? '*'}:*:secret:${name}`;
  // Secrets Manager adds a hyphen and six characters to a name.
  const bundleArn = (bundle: string) => arnOf(`${BUNDLE_SECRET_PREFIX}${bundle}-??????`);
  return {
    Version: '2012-10-17',
    Statement: [
      // These actions accept no resource. A batch returns only secrets that GetSecretValue allows.
      {
        Effect: 'Allow',
        Action: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: readers === undefined ? arnOf(`${PUBLISHED_SECRET_PREFIX}*`) : readers.map(bundleArn),
      },
    ],
  };
}
