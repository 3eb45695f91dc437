import { expect, test } from '@jest/globals';
import { CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ZoomTokenRefresher } from '../../../lib/zoom-token-refresher.ts';
import { everything, quickApp, stackWith, validatedStack } from '../synthesized.ts';

// Where the stack deviates from a rule of cdk-nag, the construct acknowledges the rule with a reason.

function findings(scope: Stack): string[] {
  return new AwsSolutionsChecks()
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

const CHOICES: [string, Record<string, unknown>][] = [
  ['every optional setting', everything],
  ['default settings', {}],
  [
    'an existing KMS key',
    { kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012' },
  ],
];

test.each(CHOICES)('the AWS Solutions rules find nothing with %s', (_what, context) => {
  expect(findings(stackWith(context))).toEqual([]);
});

// The first validation of a process loads the schemas of the resources, which takes three seconds of CPU time. The deploy
// test therefore validates none of its templates with the CDK, and all with cfn-lint.
test.each([
  ...CHOICES,
  ['a stack that retains nothing', { ...everything, removalPolicy: 'destroy', deletionProtection: false }],
])('the validation of the CDK finds no error with %s', (_what, context) => {
  const stack = validatedStack(context);
  expect(() => Template.fromStack(stack)).not.toThrow();
});

test('the validation of the CDK refuses a template that CloudFormation would refuse', () => {
  const stack = validatedStack();
  new CfnResource(stack, 'Topic', { type: 'AWS::SNS::Topic', properties: { TopicNaem: 'misspelt' } });
  expect(() => Template.fromStack(stack)).toThrow('TopicNaem');
});

test('the AWS Solutions rules find nothing in a stack with an explicit account and Region', () => {
  const stack = new Stack(quickApp(), 'Theirs', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  new ZoomTokenRefresher(stack, 'Zoom');
  expect(findings(stack)).toEqual([]);
});
