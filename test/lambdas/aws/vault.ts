import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import type { standIn } from '../../local/aws/secrets-manager/stand-in.ts';

/** Creates a vault with an empty cache on the stand-in of Secrets Manager. */
export const vaultOn = (
  { aws, now }: Pick<Awaited<ReturnType<typeof standIn>>, 'aws' | 'now'>,
  keySecretId = 'zoom-token-refresher/key',
) =>
  createSecretsVault(
    aws,
    { appSecretPrefix: 'zoom-token-refresher/app/', keySecretId, installation: 'zoom-token-refresher' },
    now,
  );
