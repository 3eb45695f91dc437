import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The minimum of any rotation on AWS: one client and one call. */
const client = new SecretsManagerClient();

export const handler = async ({ secret }: { secret: string }) => {
  const { VersionId } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
  return { version: VersionId };
};
