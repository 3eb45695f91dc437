import { expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ZoomTokenRefresher } from '../../../lib/zoom-token-refresher.ts';
import { everything, quickApp, stackWith } from '../synthesized.ts';

// Where a rule of cdk-nag is not followed, the construct says why, beside what it makes.

function findings(scope: Stack): string[] {
  return new AwsSolutionsChecks()
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

test.each([
  ['nothing', {}],
  ['everything', everything],
  [
    'a KMS key of one’s own',
    { kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012' },
  ],
])('with %s chosen, the AWS Solutions rules find nothing', (_what, context) => {
  expect(findings(stackWith(context))).toEqual([]);
});

test('nor do they in a stack that knows its account and Region', () => {
  const stack = new Stack(quickApp(), 'Theirs', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  new ZoomTokenRefresher(stack, 'Zoom');
  expect(findings(stack)).toEqual([]);
});
