import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { functionNamed, synthesized } from '../synthesized.ts';

const template = synthesized();

type Resources = Record<string, { Type: string; DeletionPolicy?: string }>;

describe('the connections table', () => {
  const byStatusAnd = (sortKey: string, projected: string[]) => ({
    KeySchema: [
      { AttributeName: 'status', KeyType: 'HASH' },
      { AttributeName: sortKey, KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: projected },
  });

  test('has one item per connection, and indexes by status for the due time and the validity', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'connection', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          ...byStatusAnd('dueAt', ['app', 'validUntil', 'suspectSince', 'failingSince', 'place']),
        },
        { IndexName: 'validity', ...byStatusAnd('validUntil', ['app', 'alertedAt']) },
      ],
      AttributeDefinitions: Match.arrayWith([
        { AttributeName: 'connection', AttributeType: 'S' },
        { AttributeName: 'status', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
        { AttributeName: 'validUntil', AttributeType: 'N' },
      ]),
    });
  });

  test('is billed per request, has point-in-time recovery, and expires used link tickets', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
  });
});

describe('the secrets', () => {
  test.each(['Seed of the key pair', 'Signs links'])(
    'the key "%s…" is generated with 64 letters and digits',
    (words) => {
      template.hasResourceProperties('AWS::SecretsManager::Secret', {
        Name: Match.absent(),
        Description: Match.stringLikeRegexp(words),
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
      });
    },
  );

  test('the secret of the default app has a value before an operator fills it in', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: Match.absent(),
      SecretString: '{"client_id":"","client_secret":"","account_id":"","webhook_secret_token":""}',
    });
  });
});

describe('pushing to n8n', () => {
  test.each(['rotate', 'operator'])('is limited in the %s function to the listed addresses', (task) => {
    const listed = synthesized({ n8nUrls: 'https://n8n.example.com/, https://example.com/n8n' });
    const { Variables } = functionNamed(listed, `zoom-token-refresher-${task}`).Environment;
    expect(JSON.parse(Variables.N8N_URLS)).toEqual(['https://n8n.example.com', 'https://example.com/n8n']);
  });

  test('has a secret that starts without any n8n instance', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: Match.absent(),
      SecretString: '{"instances":{}}',
    });
  });

  test('leaves no secret, variable or alarm behind without an address of n8n, which is the default', () => {
    const without = synthesized({ n8nUrls: '' });
    expect(JSON.stringify(without.toJSON())).not.toMatch(
      /CredentialsN8n|N8N_SECRET_ID|N8N_URLS|push-failing/,
    );
    for (const task of ['callback', 'rotate', 'operator']) {
      const { Variables } = functionNamed(without, `zoom-token-refresher-${task}`).Environment;
      expect(Variables).not.toHaveProperty('N8N_SECRET_ID');
    }
  });
});

describe('the rescue bucket', () => {
  test('has no fixed name and no public access, is encrypted, and forgets after 90 days', () => {
    template.resourceCountIs('AWS::S3::Bucket', 1);
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: Match.absent(),
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LifecycleConfiguration: {
        Rules: [
          // The public half of the sealing key, under another prefix, stays.
          { Status: 'Enabled', Prefix: 'pairs/', ExpirationInDays: 90 },
          { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        ],
      },
    });
  });

  test('refuses plain HTTP to everyone', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  test("is encrypted with the installation's own key where there is one", () => {
    synthesized({ encryption: 'customer' }).hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('EncryptionKey'), 'Arn'] },
            },
          },
        ],
      },
    });
  });
});

describe('when the stack is deleted', () => {
  const kept = [
    'AWS::DynamoDB::Table',
    'AWS::S3::Bucket',
    'AWS::S3::BucketPolicy',
    'AWS::SecretsManager::Secret',
    'AWS::SecretsManager::ResourcePolicy',
    'AWS::Logs::LogStream',
  ];
  const isAuditLog = (id: string) => /AuditLogGroup/.test(id);
  const retained = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };

  test('the table, the rescue bucket and the secrets are retained, together with their policies', () => {
    for (const type of kept) template.allResources(type, retained);
  });

  test('the audit log is retained for a year, under a name that CloudFormation generates', () => {
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: Match.absent(), RetentionInDays: 365 },
      ...retained,
    });
  });

  test('everything else is deleted', () => {
    for (const [id, { Type, DeletionPolicy = 'Delete' }] of Object.entries(
      template.toJSON().Resources as Resources,
    )) {
      if (!kept.includes(Type) && !isAuditLog(id)) expect([id, DeletionPolicy]).toEqual([id, 'Delete']);
    }
  });

  test('the table, the bucket, the secrets and the audit log are deleted too when removalPolicy is destroy', () => {
    const trial = synthesized({ removalPolicy: 'destroy' });
    for (const type of [...kept, 'AWS::Logs::LogGroup']) {
      trial.allResources(type, { DeletionPolicy: 'Delete' });
    }
  });
});
