import { Failure, type FailureCode } from '../../lambdas/operator-protocol.ts';
import type { AwsOptions } from './client-config.ts';
import { type AwsError, clockFailure } from './clock-failure.ts';
import { credentialsFailure } from './credentials-failure.ts';
import { endpointInvalid } from './endpoint.ts';
import { intercepted } from './network-failure.ts';
import { profileUnknown } from './profiles.ts';
import { regionUnknown } from './regions.ts';

/**
 * Converts an error of the AWS SDK into a failure with a message and an action for a person.
 * @param operation what AWS was to do, such as `invoke zoom-token-refresher-operator`
 * @returns a `Failure`, or the value itself when it is no `Error`
 */
export async function awsFailure(error: unknown, operation: string, options: AwsOptions): Promise<unknown> {
  if (!(error instanceof Error) || error instanceof Failure) return error;
  const { name, message, code, $metadata, $response } = error as AwsError;
  if (code === 'ERR_INVALID_URL') return endpointInvalid();
  const clock = clockFailure(error);
  if (clock) return clock;
  if (/^(Credentials|Token)ProviderError$/.test(name)) return credentialsFailure(message, options.profile);
  if (/Region is missing/.test(message)) return (await profileUnknown(options.profile)) ?? noRegion();
  // "Region not accepted: region="us east 1" is not a valid hostname component."
  const [, region] = /^Region not accepted: region="(.*)" is not/.exec(message) ?? [];
  if (region !== undefined) return regionUnknown(region);
  if (isKmsFault(name, message)) {
    return misconfigured(
      'kms_unusable',
      `AWS could not ${operation}: its KMS key cannot be used (${name}).`,
      'Check the KMS key (the option kmsKeyArn, or the key that encryption: "customer" created): it must be enabled, not scheduled for deletion, and its key policy must allow you kms:Decrypt and kms:GenerateDataKey.',
    );
  }
  if (/AccessDenied/.test(name)) {
    return misconfigured(
      'access_denied',
      `AWS denied access: your credentials may not ${operation}.`,
      "Ask an administrator to attach the policy in the stack's output OperatorPolicyArn, or pass another --profile.",
    );
  }
  if (REJECTED_CREDENTIALS.has(name)) {
    return misconfigured(
      'credentials_refused',
      `AWS rejected the credentials (${name}).`,
      'They may have expired: sign in again (aws sso login, aws login), or pass another --profile.',
    );
  }
  if (/Throttl|TooManyRequests|LimitExceeded/.test(name)) {
    return retryable('throttled', `AWS throttled the request (${name}).`, 'Retry in a minute.');
  }
  if (name === 'TimeoutError') {
    return retryable(
      'aws_timeout',
      'AWS did not respond in time. The request may still have succeeded.',
      'Check the result with npx zoom-tokens status before you retry.',
    );
  }
  if (error instanceof SyntaxError)
    return unreadableResponse($metadata?.httpStatusCode ?? $response?.statusCode);
  return retryable('aws_failed', `AWS could not ${operation}: ${message} (${name}).`, 'Retry in a minute.');
}

/** Returns whether a service could not use its KMS key: Lambda's and Secrets Manager's errors, or KMS's own text. */
const isKmsFault = (name: string, message: string): boolean =>
  /^(DecryptionFailure|EncryptionFailure|KMS)/.test(name) ||
  (/AccessDenied/.test(name) && /\bkms\b/i.test(message));

const REJECTED_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
]);

/** The failure for a response that is not the JSON of AWS. A server error may come from a load balancer of AWS. */
function unreadableResponse(status = 200): Failure {
  if (status < 500) return intercepted('the AWS endpoint', `${status}, and not JSON`);
  return retryable('aws_failed', `AWS responded with ${status}, and not with JSON.`, 'Retry in a minute.');
}

const noRegion = () =>
  misconfigured(
    'no_region',
    'No AWS Region is set.',
    'Name the Region of the stack: --region eu-central-1, AWS_REGION, or a profile with a Region (--profile).',
  );

const misconfigured = (code: FailureCode, message: string, action: string) =>
  new Failure('misconfigured', code, message, action);
const retryable = (code: FailureCode, message: string, action: string) =>
  new Failure('retry', code, message, action);
