import { SecretValue, Validations } from 'aws-cdk-lib';
import {
  AccessKey,
  AnyPrincipal,
  Effect,
  ManagedPolicy,
  PolicyStatement,
  Role,
  User,
} from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { removal } from './removal.ts';
import { acknowledgePatterns, secretArns } from './secret-arns.ts';

/** What n8n reads, `n8n_zoom_<connection>`, is part of its users' expressions: not a setting. */
const PREFIX = 'n8n_zoom_';

/** On each published secret; its value is the `name` of the installation that publishes it. */
const OWNER = 'aws:ResourceTag/zoom-token-refresher:installation';

const COME_AND_GO = 'Each connection publishes a secret, and connections come and go while it runs.';

interface N8nAccessProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/** The published access tokens: our functions write them, n8n reads them. */
export class N8nAccess extends Construct {
  /** For n8n's user or role: all that its AWS Secrets Manager vault needs, and no other secret. */
  readonly policy: ManagedPolicy;
  /** Name of the secret with the access key of the user that is made for n8n, where one is asked for. */
  readonly userSecretName: string | undefined;
  private readonly published: string;
  private readonly owner: string;

  constructor(scope: Construct, id: string, props: N8nAccessProps) {
    super(scope, id);
    const { settings } = props;
    this.published = secretArns(this, PREFIX);
    this.owner = settings.name;
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Lets n8n read the Zoom access tokens that are published for it.',
      statements: [
        new PolicyStatement({
          // These two know no resource. A batch answers only with what GetSecretValue allows.
          actions: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'],
          resources: ['*'],
        }),
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.published] }),
      ],
    });
    acknowledgePatterns(this.policy, [this.published], COME_AND_GO);
    acknowledgePatterns(this.policy, ['*'], 'ListSecrets and BatchGetSecretValue know no resource.');
    for (const arn of settings.n8nPrincipals) this.attach(arn);
    if (settings.createN8nUser) this.userSecretName = this.createUser(props);
  }

  /** Lets the function write the published secrets, not read them, and tells it how they are named. */
  grantPublish(fn: ServiceFunction): void {
    this.allow(fn, 'CreateSecret', 'PutSecretValue', 'TagResource', 'RestoreSecret');
    acknowledgePatterns(fn.ownRole, [this.published], COME_AND_GO);
  }

  /** Lets the function read what n8n reads and see who has the policy for it, and tells it the policy. */
  grantCheck(fn: ServiceFunction): void {
    fn.addEnvironment('N8N_POLICY_ARN', this.policy.managedPolicyArn);
    this.allow(fn, 'GetSecretValue');
    fn.allow(['iam:ListEntitiesForPolicy'], [this.policy.managedPolicyArn]);
  }

  /** Lets the function that publishes also delete what is published; described, a deleted secret tells until when. */
  grantWithdraw(fn: ServiceFunction): void {
    this.allow(fn, 'DeleteSecret', 'DescribeSecret');
  }

  // The names are the same for every installation of the account and Region. Not even by mistake does one overwrite
  // what another publishes; a secret that does not exist yet has no tag.
  private allow(fn: ServiceFunction, ...actions: string[]): void {
    fn.addStatements([
      new PolicyStatement({
        actions: actions.map((action) => `secretsmanager:${action}`),
        resources: [this.published],
        conditions: { StringEqualsIfExists: { [OWNER]: this.owner } },
      }),
    ]);
  }

  /** By name, so that a user or role that is managed elsewhere gets the policy too. */
  private attach(arn: string): void {
    const name = arn.slice(arn.lastIndexOf('/') + 1);
    if (arn.includes(':role/')) this.policy.attachToRole(Role.fromRoleName(this, arn, name));
    else this.policy.attachToUser(User.fromUserName(this, arn, name));
  }

  private createUser({ settings, encryption }: N8nAccessProps): string {
    const user = new User(this, 'User', { managedPolicies: [this.policy] });
    const accessKey = new AccessKey(this, 'AccessKey', { user });
    const secretName = `${settings.name}/n8n-user`;
    const secret = new Secret(this, 'UserSecret', {
      secretName,
      description: 'Access key with which n8n reads the Zoom access tokens.',
      secretObjectValue: {
        // The id is no secret; CloudFormation puts both in, and neither is in the template.
        access_key_id: SecretValue.unsafePlainText(accessKey.accessKeyId),
        secret_access_key: accessKey.secretAccessKey,
      },
      removalPolicy: removal({ removalPolicy: 'destroy' }),
      ...(encryption.key && { encryptionKey: encryption.key }),
    });
    // An operator reads it once. n8n must not, however wide its policies are.
    secret.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['secretsmanager:GetSecretValue'],
        resources: ['*'], // In a secret's policy this is the secret.
        conditions: { ArnEquals: { 'aws:PrincipalArn': [user.userArn, ...settings.n8nPrincipals] } },
      }),
    );
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'A person copies the access key into n8n, and replaces it by hand.',
    });
    return secretName;
  }
}
