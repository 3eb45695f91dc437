import {
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { bareName } from '../../../lambdas/contract.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { type AwsOptions, clientConfig } from '../../aws/client-config.ts';
import { awsFailure } from '../../aws/failure.ts';
import { interruption } from '../../terminal/interruption.ts';
import type { AppCredentials } from './app-credentials.ts';

/**
 * Saves the credentials as the whole value of the app's secret. The operator's policy allows no read.
 * @throws {Failure} `misconfigured` (`secret_unusable`, `secret_being_deleted`) for a secret that was deleted
 */
export async function saveAppSecret(
  app: string,
  secretId: string,
  credentials: AppCredentials,
  options: AwsOptions,
): Promise<void> {
  const client = new SecretsManagerClient(clientConfig(options));
  try {
    await client.send(
      new PutSecretValueCommand({ SecretId: secretId, SecretString: JSON.stringify(credentials) }),
      { abortSignal: interruption },
    );
  } catch (error) {
    interruption.throwIfAborted();
    const secretName = bareName(secretId);
    if (error instanceof ResourceNotFoundException) throw secretIsGone(app, secretName);
    if (error instanceof InvalidRequestException) throw secretBeingDeleted(secretName);
    throw await awsFailure(error, `write the secret ${secretName}`, options);
  } finally {
    client.destroy();
  }
}

/** CloudFormation does not notice that the secret is gone, and "apps" always has `default`: another secret takes its place. */
function secretIsGone(app: string, secretName: string): Failure {
  return new Failure(
    'misconfigured',
    'secret_unusable',
    `The credentials were not saved: the secret ${secretName} was deleted by hand.`,
    [
      `Create another one: aws secretsmanager create-secret --name zoom-app-${app} --secret-string '{}'`,
      `Name it in the context of cdk.json: "existing": {"appSecretArns": {"${app}": "<its ARN>"}}`,
      'Then deploy (npx cdk deploy), and run this command again.',
    ].join('\n'),
  );
}

function secretBeingDeleted(secretName: string): Failure {
  return new Failure(
    'misconfigured',
    'secret_being_deleted',
    `The secret ${secretName} is scheduled for deletion.`,
    `Restore it first: aws secretsmanager restore-secret --secret-id ${secretName}`,
  );
}
