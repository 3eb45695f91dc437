import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The least that any rotation in AWS is built on: one client, one call. */
const client = new SecretsManagerClient();

export const handler = async ({ secret }: { secret: string }) => {
  const { VersionId } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
  return { version: VersionId };
};
