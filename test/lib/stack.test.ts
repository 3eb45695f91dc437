import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { synthesized } from './synthesized.ts';

const template = synthesized();

test('every resource has the application tag, except the dashboard, where some Regions reject tags', () => {
  const tags = [{ Key: 'application', Value: 'zoom-token-refresher' }];
  for (const type of [
    'DynamoDB::Table',
    'S3::Bucket',
    'SecretsManager::Secret',
    'Lambda::Function',
    'SNS::Topic',
    'SQS::Queue',
  ]) {
    template.allResourcesProperties(`AWS::${type}`, { Tags: tags });
  }
  for (const { Properties } of Object.values(template.findResources('AWS::CloudWatch::Dashboard'))) {
    expect(Properties.Tags).toBeUndefined();
  }
});

test('cdk.json makes a deployment by a person ask before it broadens permissions', () => {
  const cdk = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  expect(cdk.requireApproval).toBe('broadening');
});

describe('the outputs of the stack', () => {
  test('name the redirect URL for the Zoom app', () => {
    template.hasOutput('CallbackUrl', {
      Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.anyValue(), 'ApiEndpoint'] }, '/callback']] },
    });
  });

  test('name the policies, the operator function, the app’s secret and the alarm topic', () => {
    template.hasOutput('N8nPolicyArn', { Value: { Ref: Match.stringLikeRegexp('N8nAccessPolicy') } });
    template.hasOutput('OperatorPolicyArn', { Value: { Ref: Match.stringLikeRegexp('OperatorPolicy') } });
    template.hasOutput('OperatorFunctionName', {
      Value: { Ref: Match.stringLikeRegexp('OperatorFunction') },
    });
    template.hasOutput('AppSecretArn', { Value: { Ref: Match.stringLikeRegexp('CredentialsDefaultApp') } });
    template.hasOutput('AlarmTopicArn', { Value: { Ref: Match.stringLikeRegexp('AlarmsTopic') } });
  });

  test('say that the mail to alarmEmail has to be confirmed, and nothing without the address', () => {
    synthesized({ alarmEmail: 'us@example.com' }).hasOutput('ConfirmAlarmEmail', {
      Value: 'Confirm the mail that AWS sent to us@example.com',
    });
    expect(synthesized().findOutputs('ConfirmAlarmEmail')).toEqual({});
  });
});
