import { Lazy, type RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { secretArns } from './secret-arns.ts';
import type { ServiceFunction } from './service-function.ts';
import type { Settings } from './settings.ts';

/** What only our functions may read: the key that seals the tokens, and the credentials of the Zoom apps. */
export class Credentials extends Construct {
  /** The default Zoom app's: `{client_id, client_secret, account_id, webhook_secret_token}`. */
  readonly defaultApp: Secret;
  private readonly key: Secret;
  private readonly appPrefix: string;
  private readonly readers: string[] = [];

  constructor(
    scope: Construct,
    id: string,
    props: { readonly settings: Settings; readonly removalPolicy: RemovalPolicy },
  ) {
    super(scope, id);
    const { settings, removalPolicy } = props;
    // A change of what follows makes CloudFormation generate another key, with which no stored token opens.
    this.key = new Secret(this, 'Key', {
      secretName: `${settings.name}/key`,
      description: 'Seals the Zoom tokens. Made at the first deployment.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    this.appPrefix = `${settings.name}/app/`;
    const empty = SecretValue.unsafePlainText('');
    // It has a value from the start: a secret without one spoils the batch in which n8n reads it. A change of
    // this one overwrites what the operator has put there.
    this.defaultApp = new Secret(this, 'DefaultApp', {
      secretName: `${this.appPrefix}default`,
      description: 'Credentials of the Zoom app. To be filled in by the operator.',
      secretObjectValue: {
        client_id: empty,
        client_secret: empty,
        account_id: empty,
        webhook_secret_token: empty,
      },
      removalPolicy,
    });
    this.denyOthers(this.key);
    this.denyOthers(this.defaultApp);
  }

  /** Lets the function read the key and every app's credentials, and tells it their names. */
  grantRead(fn: ServiceFunction): void {
    fn.addEnvironment('KEY_SECRET_ID', this.key.secretArn);
    fn.addEnvironment('APP_SECRET_PREFIX', this.appPrefix);
    fn.allow(['secretsmanager:GetSecretValue'], [this.key.secretArn, secretArns(this, this.appPrefix)]);
    this.readers.push(fn.roleArn);
  }

  // A principal with `GetSecretValue` on everything, such as n8n's own sample policy gives, must not read these.
  private denyOthers(secret: Secret): void {
    secret.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['secretsmanager:GetSecretValue'],
        resources: ['*'],
        // Of a session the key holds the ARN of its role.
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': Lazy.list({ produce: () => this.readers }) } },
      }),
    );
  }
}
