import { Failure, type FailureCode } from '../tokens/errors.ts';

/** A plain deployment compares templates alone, so it does not notice what was changed by hand. */
const DEPLOY_AGAIN =
  'Deploy again: npx cdk deploy. If it finds no changes, a policy was changed by hand: npx cdk deploy --revert-drift puts it back.';

/** Returns the name of the error that an AWS service returned, such as `ResourceNotFoundException`. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

const errorText = (error: unknown): string => (error instanceof Error ? error.message : '');

/**
 * Returns whether the function lacks a permission. IAM calls this `AccessDenied`, others `AccessDeniedException`. A
 * refusal by KMS has the same name at some services, and is not one of these.
 */
export const isAccessDenied = (error: unknown): boolean =>
  /^AccessDenied/.test(errorName(error)) && !isKmsFault(error);

/** Returns whether the resource does not exist. IAM calls this `NoSuchEntity`, others `ResourceNotFoundException`. */
export const isNotFound = (error: unknown): boolean =>
  /^(ResourceNotFound|NoSuchEntity)/.test(errorName(error)) && !isKmsFault(error);

/**
 * Returns whether a service could not use its KMS key. Secrets Manager has errors of its own for this; DynamoDB and
 * Lambda pass on the text or the name of KMS's error.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 */
export const isKmsFault = (error: unknown): boolean =>
  /^(DecryptionFailure|EncryptionFailure|InaccessibleEncryptionCredentials|KMS)/.test(errorName(error)) ||
  (/^(AccessDenied|Validation|InvalidRequest|InvalidParameter|ResourceNotFound)/.test(errorName(error)) &&
    /\bkms\b/i.test(errorText(error)));

/** Returns whether a secret is scheduled for deletion. */
export const isBeingDeleted = (error: unknown): boolean =>
  errorName(error) === 'InvalidRequestException' && !isKmsFault(error) && !isReplica(error);

/** Secrets Manager changes a replica nowhere but at its primary: `Operation not permitted on a replica secret. Call must …` */
const isReplica = (error: unknown): boolean =>
  /^Invalid(Parameter|Request)/.test(errorName(error)) && /on a replica secret/i.test(errorText(error));

/** Error for a permission that the function lacks. */
export const accessDenied = (code: FailureCode, message: string, action = DEPLOY_AGAIN): Failure =>
  new Failure('misconfigured', code, message, action);

/**
 * Returns a function that throws what an error of Secrets Manager means: the function may not do it, the secret is missing, or
 * what `awsFailure` says.
 * @param code of the first two
 * @param attempt as `awsFailure` takes it
 */
export const secretRefused =
  (code: FailureCode, attempt: string) =>
  (error: unknown): never => {
    if (!isAccessDenied(error) && !isNotFound(error)) throw awsFailure(error, attempt);
    throw accessDenied(code, `The function cannot ${attempt} (${errorName(error)}).`);
  };

/** A sweep, a command and a page have the same action. */
const RETRIED = 'The sweeps retry by themselves. Repeat anything else in a minute.';

/** The errors that services share, by name: the class, the code, the reason and the action. */
const REASONS: {
  names: RegExp;
  class: 'retry' | 'misconfigured';
  code: FailureCode;
  reason: string;
  action: string;
}[] = [
  {
    names: /^LimitExceeded/,
    class: 'retry',
    code: 'aws_quota',
    reason: 'a quota of the AWS account is reached',
    action: 'Compare the usage with the quotas in the Service Quotas console, and request an increase.',
  },
  {
    names: /Throttl|TooManyRequests|ProvisionedThroughputExceeded|RequestLimitExceeded/,
    class: 'retry',
    code: 'throttled',
    reason: 'AWS throttles the requests of the account',
    action: RETRIED,
  },
  {
    names: /^(InternalService|InternalServer|InternalFailure|ServiceUnavailable)/,
    class: 'retry',
    code: 'aws_failed',
    reason: 'AWS reports an error of its own',
    action: `${RETRIED} See the AWS Health Dashboard if this lasts.`,
  },
  {
    names: /^(PublicPolicy|MalformedPolicyDocument)/,
    class: 'misconfigured',
    code: 'aws_refused',
    reason: "AWS refuses the secret's resource policy",
    action:
      "Correct the resource policy of the secret: it must be valid and must not allow everyone's access.",
  },
  {
    names: /^(Validation|InvalidParameter|InvalidRequest|Serialization|PreconditionNotMet)/,
    class: 'misconfigured',
    code: 'aws_refused',
    reason: 'AWS refuses the request as invalid',
    action:
      'Check whether the secret or the table was changed by hand. Otherwise deploy the newest version: npx cdk deploy.',
  },
];

/**
 * Returns the failure for an error of an AWS service, or the error itself when no plain words are known for it. It takes
 * nothing from the error's text, which may quote a value.
 * @param attempt what the function could not do, such as `read the secret "zoom-token-refresher/key"`
 */
export function awsFailure(error: unknown, attempt: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  if (isKmsFault(error)) return kmsUnusable(error, attempt);
  if (isReplica(error)) return replicaReadOnly(error, attempt);
  const known = REASONS.find(({ names }) => names.test(error.name));
  if (!known) return error;
  const message = `The function could not ${attempt}: ${known.reason} (${error.name}).`;
  return new Failure(known.class, known.code, message, known.action);
}

/** Error for a secret that another Region's primary keeps current, such as that of an installation there. */
function replicaReadOnly(error: Error, attempt: string): Failure {
  return new Failure(
    'misconfigured',
    'secret_is_replica',
    `The function could not ${attempt}: the secret is the replica of one in another Region, which alone can be changed (${error.name}).`,
    'If an installation in that Region publishes it, use another name here, of the connection or the bundle. Otherwise make it a secret of its own, in this Region: aws secretsmanager stop-replication-to-replica --secret-id <secret>',
  );
}

/** Error for a KMS key that is disabled, deleted, or not allowed to the function's role. */
function kmsUnusable(error: Error, attempt: string): Failure {
  return new Failure(
    'misconfigured',
    'kms_unusable',
    `The function could not ${attempt}: its KMS key cannot be used (${error.name}).`,
    'Check the KMS key (the option kmsKeyArn, or the key that encryption: "customer" created): it must be enabled, not scheduled for deletion, and its key policy must allow the role of the function kms:Decrypt and kms:GenerateDataKey. Everything recovers by itself once the key is usable.',
  );
}
