import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Settings } from '../settings/settings.ts';
import { removal } from './removal.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
const ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** The KMS key that the settings ask for, if any, and the policy statements for its use. */
export class Encryption extends Construct {
  /** For the table, the rescue bucket and the secrets; `undefined` means AWS-owned and AWS-managed keys. */
  readonly key: IKey | undefined;
  /** For the topic. CloudWatch needs a statement in the key's policy, which only a key of this stack can get. */
  readonly topicKey: IKey | undefined;

  constructor(scope: Construct, id: string, props: { readonly settings: Settings }) {
    super(scope, id);
    const { settings } = props;
    if (settings.kmsKeyArn !== undefined) this.key = Key.fromKeyArn(this, 'Given', settings.kmsKeyArn);
    if (settings.encryption !== 'customer') return;
    const { kmsKeyArn } = settings.existing;
    if (kmsKeyArn !== undefined) {
      // Its policy has the statement for CloudWatch from the stack that created it.
      this.key = Key.fromKeyArn(this, 'Existing', kmsKeyArn);
      this.topicKey = this.key;
      return;
    }
    const key = new Key(this, 'Key', {
      alias: settings.name,
      description: 'Encrypts the Zoom connections at rest.',
      enableKeyRotation: true,
      removalPolicy: removal(settings),
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'], // In a key's own policy, `*` is that key.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.key = key;
    this.topicKey = key;
  }

  /** Returns statements that allow the use of the key through these services; none without a customer key. */
  statementsFor(...services: ('dynamodb' | 's3' | 'secretsmanager' | 'sns')[]): PolicyStatement[] {
    if (!this.key) return [];
    const { region, urlSuffix } = Stack.of(this);
    return [
      new PolicyStatement({
        actions: ACTIONS,
        resources: [this.key.keyArn],
        conditions: {
          StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.${urlSuffix}`) },
        },
      }),
    ];
  }
}
