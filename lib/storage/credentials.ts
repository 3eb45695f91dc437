import { Lazy, type RemovalPolicy, SecretValue, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type ResourcePolicy, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { removal } from './removal.ts';
import { acknowledgePatterns, secretArns } from './secret-arns.ts';

interface CredentialsProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/** What only our functions may read: the key that seals the tokens, the Zoom apps' credentials, n8n's API keys. */
export class Credentials extends Construct {
  /** Name of the default Zoom app's secret: `{client_id, client_secret, account_id, webhook_secret_token}`. */
  readonly defaultAppName: string;
  /** Pattern of the ARNs of the apps' secrets. */
  readonly appArns: string;
  private readonly key: Secret;
  /** Addresses and API keys of the n8n instances that are pushed to. */
  private readonly n8n: Secret | undefined;
  private readonly appPrefix: string;
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
    // A change of what follows makes CloudFormation generate another key, with which no stored token opens.
    this.key = new Secret(this, 'Key', {
      ...common,
      secretName: `${settings.name}/key`,
      description: 'Seals the Zoom tokens. Made at the first deployment.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.protect(
      this.key,
      common.removalPolicy,
      'The tokens that it seals open with no other key; it is replaced by hand.',
    );

    this.appPrefix = `${settings.name}/app/`;
    this.appArns = secretArns(this, this.appPrefix);
    this.defaultAppName = `${this.appPrefix}default`;
    const empty = SecretValue.unsafePlainText('');
    for (const app of ['default', ...settings.apps]) {
      // It has a value from the start: a secret without one spoils the batch in which n8n reads it. A change of
      // this one overwrites what the operator has put there.
      const secret = new Secret(this, app === 'default' ? 'DefaultApp' : `App-${app}`, {
        ...common,
        secretName: `${this.appPrefix}${app}`,
        description: 'Credentials of the Zoom app. To be filled in by the operator.',
        secretObjectValue: {
          client_id: empty,
          client_secret: empty,
          account_id: empty,
          webhook_secret_token: empty,
        },
      });
      this.protect(secret, common.removalPolicy, 'Zoom makes these credentials, and a person copies them.');
    }

    if (!settings.n8nPush) return;
    this.n8n = new Secret(this, 'N8n', {
      ...common,
      secretName: `${settings.name}/n8n`,
      description: 'The n8n instances that new tokens are pushed to. Written by n8n link.',
      // As above: a value from the start, which never changes here.
      secretStringValue: SecretValue.unsafePlainText('{"instances":{}}'),
    });
    this.protect(this.n8n, common.removalPolicy, 'n8n makes these API keys, and a person hands them over.');
  }

  /** Lets the function read the key, every app's credentials and n8n's API keys, and tells it their names. */
  grantRead(fn: ServiceFunction): void {
    fn.addEnvironment('KEY_SECRET_ID', this.key.secretArn);
    fn.addEnvironment('APP_SECRET_PREFIX', this.appPrefix);
    fn.allow(['secretsmanager:GetSecretValue'], [this.key.secretArn, this.appArns]);
    fn.addStatements(this.encryption.use('secretsmanager'));
    acknowledgePatterns(fn.ownRole, [this.appArns], 'Each app has a secret under this prefix.');
    this.readers.push(fn.ownRole.roleArn);
    if (!this.n8n) return;
    fn.addEnvironment('N8N_SECRET_ID', this.n8n.secretArn);
    fn.allow(['secretsmanager:GetSecretValue'], [this.n8n.secretArn]);
  }

  /** Lets the function, which reads already, change what n8n instances there are. */
  grantLink(fn: ServiceFunction): void {
    if (this.n8n) fn.allow(['secretsmanager:PutSecretValue'], [this.n8n.secretArn]);
  }

  // A principal with `GetSecretValue` on everything, such as n8n's own sample policy gives, must not read these.
  private protect(secret: Secret, removalPolicy: RemovalPolicy, whyNoRotation: string): void {
    secret.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['secretsmanager:GetSecretValue'],
        resources: ['*'], // In a secret's policy this is the secret.
        // Of a session the key holds the ARN of its role.
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': Lazy.list({ produce: () => this.readers }) } },
      }),
    );
    // A secret that is kept keeps its protection. The CDK makes the policy at the first statement, and hides it.
    (secret.node.findChild('Policy') as ResourcePolicy).applyRemovalPolicy(removalPolicy);
    Validations.of(secret).acknowledge({ id: 'AwsSolutions-SMG4', reason: whyNoRotation });
  }
}
