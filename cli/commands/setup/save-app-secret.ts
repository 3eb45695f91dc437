import {
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { type AwsOptions, clientConfig } from '../../aws/client-config.ts';
import { awsFailure } from '../../aws/failure.ts';
import { interruption } from '../../terminal/interruption.ts';
import type { AppCredentials } from './app-credentials.ts';

/**
 * Saves the credentials as the whole value of the app's secret. The operator's policy allows no read.
 * @throws {Failure} `misconfigured` (`app_not_deployed`) when the deployment has no such app
 */
export async function saveAppSecret(
  secretName: string,
  credentials: AppCredentials,
  options: AwsOptions,
): Promise<void> {
  const client = new SecretsManagerClient(clientConfig(options));
  try {
    await client.send(
      new PutSecretValueCommand({ SecretId: secretName, SecretString: JSON.stringify(credentials) }),
      { abortSignal: interruption },
    );
  } catch (error) {
    interruption.throwIfAborted();
    if (error instanceof ResourceNotFoundException) throw appNotDeployed(secretName);
    if (error instanceof InvalidRequestException) throw secretBeingDeleted(secretName);
    throw await awsFailure(error, `write the secret ${secretName}`, options);
  } finally {
    client.destroy();
  }
}

function appNotDeployed(secretName: string): Failure {
  const app = secretName.split('/').at(-1);
  return new Failure(
    'misconfigured',
    'app_not_deployed',
    `No app "${app}" is deployed: the secret ${secretName} does not exist.`,
    `Add "${app}" to "apps" in the context of cdk.json, and deploy: npx cdk deploy`,
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
