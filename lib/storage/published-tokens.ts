import { SecretValue, Validations } from 'aws-cdk-lib';
import {
  AccessKey,
  AccountPrincipal,
  CompositePrincipal,
  Effect,
  ManagedPolicy,
  PolicyStatement,
  Role,
  User,
} from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  BUNDLE_SECRET_PREFIX,
  INSTALLATION_TAG,
  PUBLISHED_SECRET_PREFIX,
  VARIABLES,
} from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import { denyReads } from './deny-reads.ts';
import type { Encryption } from './encryption.ts';
import { requireOwnAccount } from './own-account.ts';
import { removal } from './removal.ts';
import { acknowledgePatterns, secretArn, secretArns } from './secret-arns.ts';

/** IAM condition key of the tag on each published secret, whose value is the `installationId`. */
const INSTALLATION_CONDITION = `aws:ResourceTag/${INSTALLATION_TAG}`;

const WHY_A_PATTERN =
  'Each connection has a secret, and connections are made and removed between deployments.';

interface PublishedTokensProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/** The secrets with the published access tokens, `n8n_zoom_<connection>`: the functions write them, n8n reads them. */
export class PublishedTokens extends Construct {
  /** For n8n's user or role: what its AWS Secrets Manager vault needs, for these secrets alone. */
  readonly policy: ManagedPolicy;
  /** ARN of the secret with the n8n user's access key; `undefined` without `createN8nUser`. */
  readonly userSecretArn: string | undefined;
  /** ARN of the role that the accounts of `n8nAccountIds` may assume; `undefined` without any. */
  readonly roleArn: string | undefined;
  private readonly published: string;
  private readonly installation: string;

  constructor(scope: Construct, id: string, props: PublishedTokensProps) {
    super(scope, id);
    const { settings } = props;
    this.published = secretArns(this, PUBLISHED_SECRET_PREFIX);
    this.installation = settings.installationId;
    // CloudFormation replaces a managed policy whose description changes, and its principals would lose it.
    const readable =
      settings.readers.length === 0
        ? [this.published]
        : settings.readers.map((bundle) => secretArn(this, BUNDLE_SECRET_PREFIX + bundle));
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Lets n8n read the Zoom access tokens that are published for it.',
      statements: [
        new PolicyStatement({
          // Neither action supports resources. A batch returns only the secrets that GetSecretValue allows.
          actions: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'],
          resources: ['*'],
        }),
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: readable }),
      ],
    });
    acknowledgePatterns(this.policy, readable, WHY_A_PATTERN);
    acknowledgePatterns(this.policy, ['*'], 'ListSecrets and BatchGetSecretValue support no resources.');
    requireOwnAccount(this, settings.n8nPrincipals);
    for (const arn of settings.n8nPrincipals) this.attach(arn);
    if (settings.n8nAccountIds.length > 0) this.roleArn = this.createRole(settings.n8nAccountIds);
    if (settings.createN8nUser) this.userSecretArn = this.createUser(props);
  }

  /** Allows the function to create and write the published secrets, not to read them. */
  grantPublish(fn: ServiceFunction): void {
    this.allow(fn, 'CreateSecret', 'PutSecretValue', 'TagResource', 'RestoreSecret');
    acknowledgePatterns(fn.ownRole, [this.published], WHY_A_PATTERN);
  }

  /** Allows the function to read the published secrets, and to list which principals have n8n's policy. */
  grantCheck(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.n8nPolicyArn, this.policy.managedPolicyArn);
    this.allow(fn, 'GetSecretValue');
    fn.allow(['iam:ListEntitiesForPolicy'], [this.policy.managedPolicyArn]);
  }

  /** Allows the function to delete the published secrets, so that they can be restored. */
  grantDelete(fn: ServiceFunction): void {
    this.allow(fn, 'DeleteSecret');
    fn.addStatements([
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['secretsmanager:DeleteSecret'],
        resources: ['*'],
        conditions: { Bool: { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' } },
      }),
    ]);
  }

  /**
   * Allows the function to delete the published secrets, after their replicas, and to read until when one can be restored.
   * @param options.force also without a recovery window
   */
  grantUnpublish(fn: ServiceFunction, { force }: { force: boolean }): void {
    if (force) this.allow(fn, 'DeleteSecret');
    else this.grantDelete(fn);
    this.allow(fn, 'DescribeSecret', 'RemoveRegionsFromReplication');
  }

  // Every installation in the account and Region uses the same secret names. The condition keeps one from overwriting
  // another's secret. It must hold without a tag too, because a secret that does not exist yet has none.
  private allow(fn: ServiceFunction, ...actions: string[]): void {
    fn.addStatements([
      new PolicyStatement({
        actions: actions.map((action) => `secretsmanager:${action}`),
        resources: [this.published],
        conditions: { StringEqualsIfExists: { [INSTALLATION_CONDITION]: this.installation } },
      }),
    ]);
  }

  /**
   * Attaches the policy by the principal's name, which works for a user or role of another stack too. The name alone says
   * nothing of the account, so `requireOwnAccount` has to hold.
   */
  private attach(arn: string): void {
    const name = arn.slice(arn.lastIndexOf('/') + 1);
    if (arn.includes(':role/')) this.policy.attachToRole(Role.fromRoleName(this, arn, name));
    else this.policy.attachToUser(User.fromUserName(this, arn, name));
  }

  // A role of this account may use the key `aws/secretsmanager`, which no policy can open to another account.
  private createRole(accounts: readonly string[]): string {
    const role = new Role(this, 'Role', {
      description: 'Lets the n8n of another account read the Zoom access tokens.',
      assumedBy: new CompositePrincipal(...accounts.map((id) => new AccountPrincipal(id))),
      managedPolicies: [this.policy],
    });
    return role.roleArn;
  }

  private createUser({ settings, encryption }: PublishedTokensProps): string {
    const user = new User(this, 'User', { managedPolicies: [this.policy] });
    const accessKey = new AccessKey(this, 'AccessKey', { user });
    const secret = new Secret(this, 'UserSecret', {
      description: 'Access key with which n8n reads the Zoom access tokens.',
      secretObjectValue: {
        // The id is not secret. CloudFormation fills in both values; the template holds references only.
        access_key_id: SecretValue.unsafePlainText(accessKey.accessKeyId),
        secret_access_key: accessKey.secretAccessKey,
      },
      removalPolicy: removal({ removalPolicy: 'destroy' }),
      ...(encryption.key && { encryptionKey: encryption.key }),
    });
    // An operator reads it once. n8n must not read it, even with a policy for every secret.
    secret.addToResourcePolicy(
      denyReads({ ArnEquals: { 'aws:PrincipalArn': [user.userArn, ...settings.n8nPrincipals] } }),
    );
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'An operator copies the access key into n8n, and replaces it by hand.',
    });
    return secret.secretArn;
  }
}
