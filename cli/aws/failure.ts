import { Failure, type FailureCode } from '../../lambdas/operator-protocol.ts';

interface AwsError extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/**
 * What the SDK throws, as a sentence with what to do.
 * @param what was asked of AWS, such as `invoke zoom-token-refresher-operator`
 */
export function awsFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, code } = error as AwsError;
  if (/^(Credentials|Token)ProviderError$/.test(name)) return noCredentials(message);
  if (/Region is missing/.test(message)) {
    return misconfigured(
      'no_region',
      'No AWS Region is chosen.',
      'Name the Region of the stack: --region eu-central-1, or AWS_REGION, or a profile that has one (--profile).',
    );
  }
  if (/AccessDenied/.test(name)) {
    return misconfigured(
      'access_denied',
      `AWS does not let you ${what}.`,
      'Ask an administrator to attach the policy of the stack’s output OperatorPolicyArn to you, or choose another --profile.',
    );
  }
  if (REFUSED_CREDENTIALS.has(name)) {
    return misconfigured(
      'credentials_refused',
      `AWS does not accept these credentials (${name}).`,
      'They may have expired: sign in again (aws sso login, aws login), or choose another --profile.',
    );
  }
  if (/Throttl|TooManyRequests|LimitExceeded/.test(name)) {
    return tryAgain('throttled', `AWS is asked too often (${name}).`, 'Try again in a moment.');
  }
  if (name === 'TimeoutError') {
    return tryAgain(
      'aws_timeout',
      'AWS did not answer in time.',
      'See with zoom-tokens status what has become of it, and try again.',
    );
  }
  if (code !== undefined && UNREACHABLE.has(code)) {
    return tryAgain(
      'aws_unreachable',
      `AWS cannot be reached (${code}).`,
      'Check the network and proxy, the Region (--region), and AWS_ENDPOINT_URL* if you have set one.',
    );
  }
  return tryAgain('aws_failed', `AWS could not ${what}: ${message} (${name}).`, 'Try again in a moment.');
}

const REFUSED_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
]);

const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

function noCredentials(message: string): Failure {
  // Of a profile or a sign-in that has ended the SDK knows more than that there are none.
  const why = /any provider/.test(message) ? '' : ` ${message.replace(/\.?$/, '.')}`;
  return misconfigured(
    'no_credentials',
    `There are no AWS credentials.${why}`,
    'Sign in (aws sso login, aws login, aws configure), or name a profile that has credentials: --profile.',
  );
}

const misconfigured = (code: FailureCode, message: string, action: string) =>
  new Failure('misconfigured', code, message, action);
const tryAgain = (code: FailureCode, message: string, action: string) =>
  new Failure('retry', code, message, action);
