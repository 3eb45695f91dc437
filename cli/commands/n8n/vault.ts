import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { expression } from '../../../lambdas/operator-protocol.ts';
import { DEFAULT_INTERVAL_SECONDS } from '../../connection/n8n-interval.ts';
import { UsageError } from '../../errors.ts';

/** The expression begins with the vault's name, so n8n takes no other. */
const VAULT = /^[a-zA-Z][a-zA-Z0-9]*$/;

/** @throws {UsageError} */
export function assertVault(vault: string): void {
  if (VAULT.test(vault)) return;
  throw new UsageError(
    `"${vault.slice(0, 60)}" cannot be the name of a vault in n8n.`,
    'It is a letter, then letters and digits: --vault aws.',
  );
}

export interface Credential {
  connection: string;
  /** In n8n: what `n8n link` names it too. */
  name: string;
  expression: string;
  /** Where the token is pushed to already. */
  id: string | null;
}

/** One a connection that n8n can read. */
export function credentials(views: ConnectionView[], vault: string): Credential[] {
  const live = views.filter(({ status }) => status !== 'disconnected');
  return live.map(({ connection, targets: [target] = [] }) => ({
    connection,
    name: credentialName(connection),
    expression: expression(connection, vault),
    id: target?.credentialId ?? null,
  }));
}

export const credentialName = (connection: string) => `Zoom ${connection}`;

const SHORT_INTERVAL_SECONDS = 30;

/**
 * `N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL`: short where a rotation may end the earlier token, since n8n holds a dead one
 * then until it reads again.
 */
export function updateInterval(views: ConnectionView[]): number {
  const mayEnd = views.some(({ status, overlap }) => status !== 'disconnected' && overlap !== 'yes');
  return mayEnd ? SHORT_INTERVAL_SECONDS : DEFAULT_INTERVAL_SECONDS;
}

/** What n8n's AWS Secrets Manager provider asks for, and no other secret. The stack's own policy says the same. */
export function policy(region: string | undefined) {
  const [prefix] = (region ?? '').split('-');
  const partition = region?.startsWith('us-gov-') ? 'aws-us-gov' : prefix === 'cn' ? 'aws-cn' : 'aws';
  return {
    Version: '2012-10-17',
    Statement: [
      // These two know no resource. A batch answers only with what GetSecretValue allows.
      {
        Effect: 'Allow',
        Action: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: `arn:${partition}:secretsmanager:${region ?? '*'}:*:secret:n8n_zoom_*`,
      },
    ],
  };
}
