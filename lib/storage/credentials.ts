import { Lazy, type RemovalPolicy, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import { type ResourcePolicy, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { DEFAULT_APP, VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import { denyReads } from './deny-reads.ts';
import type { Encryption } from './encryption.ts';
import { removal } from './removal.ts';

interface CredentialsProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/**
 * The secrets that only the functions may read: the sealing key, the Zoom apps' credentials and n8n's API keys. CloudFormation
 * generates their names: a retained secret must not occupy the name of the next one.
 */
export class Credentials extends Construct {
  /** ARN of each Zoom app's secret: `{client_id, client_secret, account_id, webhook_secret_token}`. */
  readonly appArns: ReadonlyMap<string, string>;
  private readonly key: Secret;
  /** URLs and API keys of the n8n instances that tokens are pushed to; `undefined` without `n8nPush`. */
  private readonly n8n: Secret | undefined;
  private readonly encryption: Encryption;
  private readonly readers: string[] = [];

  constructor(scope: Construct, id: string, props: CredentialsProps) {
    super(scope, id);
    const { settings, encryption } = props;
    this.encryption = encryption;
    const common = {
      removalPolicy: removal(settings),
      ...(encryption.key && { encryptionKey: encryption.key }),
    };
    // Never change what follows: CloudFormation would generate a new key, which opens no stored token.
    this.key = new Secret(this, 'Key', {
      ...common,
      description: 'Seals the Zoom tokens. Made at the first deployment.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.protect(
      this.key,
      common.removalPolicy,
      'Stored tokens open with no other key, so an operator replaces it by hand.',
    );

    const appArns = new Map<string, string>();
    const empty = SecretValue.unsafePlainText('');
    for (const app of [DEFAULT_APP, ...settings.apps]) {
      // A secret without a value fails the whole batch in which n8n reads it. Never change this value: CloudFormation
      // would overwrite the operator's credentials with it.
      const secret = new Secret(this, app === DEFAULT_APP ? 'DefaultApp' : `App-${app}`, {
        ...common,
        description: 'Credentials of the Zoom app. To be filled in by the operator.',
        secretObjectValue: {
          client_id: empty,
          client_secret: empty,
          account_id: empty,
          webhook_secret_token: empty,
        },
      });
      this.protect(
        secret,
        common.removalPolicy,
        'Zoom issues these credentials, and an operator copies them.',
      );
      appArns.set(app, secret.secretArn);
    }
    this.appArns = appArns;

    if (!settings.n8nPush) return;
    this.n8n = new Secret(this, 'N8n', {
      ...common,
      description: 'The n8n instances that new tokens are pushed to. Written by n8n link.',
      // As above: it needs a value, which must never change here.
      secretStringValue: SecretValue.unsafePlainText('{"instances":{}}'),
    });
    this.protect(this.n8n, common.removalPolicy, 'n8n issues these API keys, and an operator copies them.');
  }

  /** Allows the function to read the key, every app's credentials and n8n's API keys, and gives it their ARNs. */
  grantRead(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.keySecretId, this.key.secretArn);
    fn.addEnvironment(VARIABLES.appSecrets, Stack.of(this).toJsonString(Object.fromEntries(this.appArns)));
    fn.allow(['secretsmanager:GetSecretValue'], [this.key.secretArn, ...this.appArns.values()]);
    fn.addStatements(this.encryption.statementsFor('secretsmanager'));
    this.readers.push(fn.ownRole.roleArn);
    if (!this.n8n) return;
    fn.addEnvironment(VARIABLES.n8nSecretId, this.n8n.secretArn);
    fn.allow(['secretsmanager:GetSecretValue'], [this.n8n.secretArn]);
  }

  /** Allows the function to add and remove n8n instances. It needs `grantRead` too. */
  grantN8nUpdate(fn: ServiceFunction): void {
    if (this.n8n) fn.allow(['secretsmanager:PutSecretValue'], [this.n8n.secretArn]);
  }

  // Denies reads even to a principal with `GetSecretValue` on every secret, as n8n's own sample policy allows.
  private protect(secret: Secret, removalPolicy: RemovalPolicy, whyNoRotation: string): void {
    secret.addToResourcePolicy(
      // For an assumed role, this condition key holds the ARN of the role, not of the session.
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
      denyReads({ ArnNotEquals: { 'aws:PrincipalArn': Lazy.list({ produce: () => this.readers }) } }),
    );
    // A retained secret must retain its policy. The CDK creates the policy with the first statement, as a hidden child.
    (secret.node.findChild('Policy') as ResourcePolicy).applyRemovalPolicy(removalPolicy);
    Validations.of(secret).acknowledge({ id: 'AwsSolutions-SMG4', reason: whyNoRotation });
  }
}
