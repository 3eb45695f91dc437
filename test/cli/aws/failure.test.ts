import { describe, expect, test } from '@jest/globals';
import { awsFailure } from '../../../cli/aws/failure.ts';

const OPERATION = 'invoke zoom-token-refresher-operator';
const sdkError = (name: string, message: string, fields: object = {}) =>
  Object.assign(new Error(message), { name, ...fields });

describe('errors of the AWS SDK', () => {
  test('an expired SSO session names the command that signs in with the same profile', () => {
    const error = sdkError(
      'CredentialsProviderError',
      'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
    );
    expect(awsFailure(error, OPERATION, { profile: 'sso' })).toMatchObject({
      class: 'misconfigured',
      code: 'no_credentials',
      message: 'Your AWS SSO session has expired, or you have not signed in yet.',
      action: 'Run: aws sso login --profile sso',
    });
  });

  test('an SSO token that was never created names the command that signs in', () => {
    const error = sdkError(
      'TokenProviderError',
      "The SSO session token associated with profile=sso was not found or is invalid. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
    );
    expect(awsFailure(error, OPERATION, { profile: 'sso' })).toMatchObject({
      action: 'Run: aws sso login --profile sso',
    });
  });

  test('a Region whose endpoint does not resolve is named as a possible cause', () => {
    const error = sdkError('Error', 'getaddrinfo ENOTFOUND lambda.us-est-1.amazonaws.com', {
      code: 'ENOTFOUND',
      hostname: 'lambda.us-est-1.amazonaws.com',
    });
    expect(awsFailure(error, OPERATION, { region: 'us-est-1' })).toMatchObject({
      class: 'retry',
      code: 'aws_unreachable',
      message: 'AWS is unreachable: lambda.us-est-1.amazonaws.com does not resolve (ENOTFOUND).',
      action: expect.stringMatching(/^Check that "us-est-1" is an AWS Region/),
    });
  });

  test('an error without a known name keeps its own text and names the operation', () => {
    expect(awsFailure(sdkError('ServiceException', 'internal'), OPERATION, {})).toMatchObject({
      class: 'retry',
      code: 'aws_failed',
      message: `AWS could not ${OPERATION}: internal (ServiceException).`,
    });
  });

  test('a value that is no error is returned unchanged', () => {
    expect(awsFailure('text', OPERATION, {})).toBe('text');
  });
});
