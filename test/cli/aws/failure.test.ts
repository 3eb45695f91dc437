import { describe, expect, test } from '@jest/globals';
import { awsFailure } from '../../../cli/aws/failure.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';

const OPERATION = 'invoke zoom-token-refresher-operator';
const sdkError = (name: string, message: string, fields: object = {}) =>
  Object.assign(new Error(message), { name, ...fields });

describe('errors of the AWS SDK', () => {
  test.each([
    [
      'CredentialsProviderError',
      'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
    ],
    [
      'TokenProviderError',
      "The SSO session token associated with profile=sso was not found or is invalid. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
    ],
    [
      'TokenProviderError',
      "Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
    ],
  ])('the %s "%s" names the command that signs in', async (name, message) => {
    expect(await awsFailure(sdkError(name, message), OPERATION, {})).toMatchObject({
      class: 'misconfigured',
      code: 'no_credentials',
      message: 'Your AWS SSO session has expired.',
      action: 'Run: aws sso login',
    });
  });

  test('an error without a known name keeps its own text and names the operation', async () => {
    expect(await awsFailure(sdkError('ServiceException', 'internal'), OPERATION, {})).toMatchObject({
      class: 'retry',
      code: 'aws_failed',
      message: `AWS could not ${OPERATION}: internal (ServiceException).`,
    });
  });

  test('a failure of the network is returned unchanged', async () => {
    const failure = new Failure('retry', 'proxy_failed', 'It is so.', 'Do that.');
    expect(await awsFailure(failure, OPERATION, {})).toBe(failure);
  });

  test('a value that is no error is returned unchanged', async () => {
    expect(await awsFailure('text', OPERATION, {})).toBe('text');
  });
});

test.each([
  [
    'KMSDisabledException',
    'Lambda was unable to decrypt the environment variables because the KMS key is disabled.',
  ],
  [
    'EncryptionFailure',
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
  ],
  ['AccessDeniedException', 'Access to KMS is not allowed'],
])('the %s "%s" names the KMS key', async (name, message) => {
  expect(await awsFailure(sdkError(name, message), OPERATION, {})).toMatchObject({
    class: 'misconfigured',
    code: 'kms_unusable',
    message: expect.stringContaining('KMS key'),
    action: expect.stringContaining('kmsKeyArn'),
  });
});
