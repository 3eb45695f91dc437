import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import type { standIn } from '../../local/aws/secrets-manager/stand-in.ts';

/** Test apps, each with a secret of its own. */
const appSecrets = new Map(
  Array.from({ length: 100 }, (_, n) => [`app_${n}`, `zoom-token-refresher/app/app_${n}`]),
);

/** Creates a vault with an empty cache on the stand-in of Secrets Manager. */
export const vaultOn = (
  { aws, now }: Pick<Awaited<ReturnType<typeof standIn>>, 'aws' | 'now'>,
  keySecretId = 'zoom-token-refresher/sealing-key',
) =>
  createSecretsVault(
    aws,
    {
      appSecrets,
      linkKeySecretId: keySecretId,
      sealingKeySecretId: keySecretId,
      installation: 'zoom-token-refresher',
    },
    now,
  );
