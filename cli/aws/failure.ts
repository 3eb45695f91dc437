import { Failure, type FailureCode } from '../../lambdas/operator-protocol.ts';
import type { AwsOptions } from './client-config.ts';

interface AwsError extends Error {
  code?: string;
  /** Set by Node when a host name does not resolve. */
  hostname?: string;
}

/**
 * Converts an error of the AWS SDK into a failure with a message and an action for a person.
 * @param operation what AWS was to do, such as `invoke zoom-token-refresher-operator`
 * @returns a `Failure`, or the value itself when it is no `Error`
 */
export function awsFailure(error: unknown, operation: string, { profile }: AwsOptions): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, code, hostname } = error as AwsError;
  if (/^(Credentials|Token)ProviderError$/.test(name))
    return credentialsFailure(message, profile ?? process.env.AWS_PROFILE);
  if (/Region is missing/.test(message)) {
    return misconfigured(
      'no_region',
      'No AWS Region is set.',
      'Name the Region of the stack: --region eu-central-1, AWS_REGION, or a profile with a Region (--profile).',
    );
  }
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
  if (code !== undefined && NETWORK_ERRORS.has(code)) return networkFailure(code, hostname);
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

const NETWORK_ERRORS = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

function credentialsFailure(message: string, profile: string | undefined): Failure {
  if (/\bSSO session\b/.test(message)) {
    return misconfigured(
      'no_credentials',
      'Your AWS SSO session has expired, or you have not signed in yet.',
      `Run: aws sso login${profile === undefined ? '' : ` --profile ${profile}`}`,
    );
  }
  // The SDK's own text is useful, unless it only says that every provider was tried.
  const isUnspecific = /any provider/.test(message);
  if (isUnspecific && profile !== undefined) {
    return misconfigured(
      'no_credentials',
      `AWS profile "${profile}" not found, or it has no credentials.`,
      'List the profiles: aws configure list-profiles. Then pass one of them: --profile.',
    );
  }
  const reason = isUnspecific ? '' : ` ${message.replace(/\.?$/, '.')}`;
  return misconfigured(
    'no_credentials',
    `No AWS credentials found.${reason}`,
    'Sign in (aws sso login, aws login, aws configure), or pass a profile that has credentials: --profile.',
  );
}

function networkFailure(code: string, hostname: string | undefined): Failure {
  const region = /^[\w-]+\.([\w-]+)\.amazonaws\.com/.exec(hostname ?? '')?.[1];
  if (region !== undefined) {
    return retryable(
      'aws_unreachable',
      `AWS is unreachable: ${hostname} does not resolve (${code}).`,
      `Check that "${region}" is an AWS Region (--region, AWS_REGION). If it is, check the network and proxy.`,
    );
  }
  return retryable(
    'aws_unreachable',
    `AWS is unreachable (${code}).`,
    'Check the network and proxy, the Region (--region), and any AWS_ENDPOINT_URL variable that you have set.',
  );
}

const misconfigured = (code: FailureCode, message: string, action: string) =>
  new Failure('misconfigured', code, message, action);
const retryable = (code: FailureCode, message: string, action: string) =>
  new Failure('retry', code, message, action);
