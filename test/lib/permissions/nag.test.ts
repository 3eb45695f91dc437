import { expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ZoomTokenRefresher } from '../../../lib/zoom-token-refresher.ts';
import { everything, quickApp, stackWith } from '../synthesized.ts';

// Where the stack deviates from a rule of cdk-nag, the construct acknowledges the rule with a reason.

function findings(scope: Stack): string[] {
  return new AwsSolutionsChecks()
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

test.each([
  ['default settings', {}],
  ['every optional setting', everything],
  [
    'an existing KMS key',
    { kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012' },
  ],
])('the AWS Solutions rules find nothing with %s', (_what, context) => {
  expect(findings(stackWith(context))).toEqual([]);
});

test('the AWS Solutions rules find nothing in a stack with an explicit account and Region', () => {
  const stack = new Stack(quickApp(), 'Theirs', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  new ZoomTokenRefresher(stack, 'Zoom');
  expect(findings(stack)).toEqual([]);
});
