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
import type { AppSecret } from './app-credentials.ts';

/**
 * Makes this the whole value of the app's secret. Nobody but the functions can read it back.
 * @throws {Failure} `misconfigured` where the deployment has no such app
 */
export async function writeAppSecret(
  secretName: string,
  secret: AppSecret,
  options: AwsOptions,
): Promise<void> {
  const client = new SecretsManagerClient(clientConfig(options));
  try {
    await client.send(
      new PutSecretValueCommand({ SecretId: secretName, SecretString: JSON.stringify(secret) }),
      { abortSignal: interruption },
    );
  } catch (error) {
    interruption.throwIfAborted();
    if (error instanceof ResourceNotFoundException) throw noSecret(secretName);
    if (error instanceof InvalidRequestException) throw beingDeleted(secretName);
    throw awsFailure(error, `write the secret ${secretName}`);
  } finally {
    client.destroy();
  }
}

function noSecret(secretName: string): Failure {
  const app = secretName.split('/').at(-1);
  return new Failure(
    'misconfigured',
    'app_not_deployed',
    `There is no secret ${secretName}: no app "${app}" is deployed.`,
    `Add "${app}" to "apps" in the context of cdk.json, and deploy: npx cdk deploy.`,
  );
}

function beingDeleted(secretName: string): Failure {
  return new Failure(
    'misconfigured',
    'secret_being_deleted',
    `The secret ${secretName} is scheduled for deletion.`,
    `Restore it first: aws secretsmanager restore-secret --secret-id ${secretName}.`,
  );
}
