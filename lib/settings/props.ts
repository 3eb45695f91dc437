import type { Existing } from './existing.ts';

/**
 * The settings of a deployment, each as a property of the construct or as a key of the CDK context.
 *
 * These may never change in an installation that has connections: `installationId`, and the id and the path of the
 * construct in an app that embeds it. Another id makes CloudFormation replace the table and every secret. `name` may change:
 * the functions, the logs and the alarms get new names, and all data stays. The topic of the alarms is a new one, to which
 * each subscriber subscribes again: AWS sends `alarmEmail` another mail to confirm.
 */
export interface ZoomTokenRefresherProps {
  /**
   * Prefix of the names of functions, logs and alarms, such as `<name>-operator`: 1 to 40 of a-z, 0-9 and "-", starting
   * with a letter. It must be unique in an account and Region. The secrets that
   * n8n reads, `n8n_zoom_<connection>`, have no such prefix: the first installation that publishes a connection name
   * owns it, and any other installation is refused.
   * @default 'zoom-token-refresher'
   */
  readonly name?: string;

  /**
   * The name of whoever asks for access, on the pages that a Zoom user meets, such as `'Acme Automation'`: 1 to 60
   * characters.
   * @default - none; the pages say "You are asked"
   */
  readonly displayName?: string;

  /**
   * Whom a Zoom user asks for a new link or for help: an e-mail address or an https address, which the pages link to.
   * @default - none; the pages say "the person who sent you the link"
   */
  readonly contact?: string;

  /**
   * Owner of what is published: each secret that n8n reads has it as a tag, and IAM lets no other installation write the
   * secret. `cdk deploy` in a checkout names the stack after it. Never change it. When you change `name`, set this to the
   * earlier `name`.
   * @default `name`
   */
  readonly installationId?: string;

  /**
   * The resources of an earlier stack that this one takes over: the table, the secrets, the bucket, the KMS key and the audit
   * log. Keep the output of `zoom-tokens about --existing`. CloudFormation neither changes nor deletes these resources. They
   * must be in the stack's account and Region. Never name a resource that a living stack has created with
   * `removalPolicy: 'destroy'`: it leaves that stack's template, and CloudFormation deletes it.
   * @default {} all is created
   */
  readonly existing?: Existing;

  /**
   * ARNs of IAM roles that deploy this stack, besides the CDK's own execution role. The resource policies deny the values of
   * the secrets to everyone but the functions and these roles, because CloudFormation's updates of a secret may read it.
   * @default []
   */
  readonly deployers?: readonly string[];

  /**
   * Zoom apps besides `default`, at most 11. Each gets a secret that only the functions can read.
   * @default [] only `default`
   */
  readonly apps?: readonly string[];

  /**
   * Origin of Zoom's OAuth endpoints, no trailing slash.
   * @default 'https://zoom.us'
   */
  readonly zoomOauthUrl?: string;

  /**
   * Origin of Zoom's API, no trailing slash.
   * @default 'https://api.zoom.us'
   */
  readonly zoomApiUrl?: string;

  /**
   * Minutes between two sweeps, 1 to 5.
   * @default 1
   */
  readonly sweepRateMinutes?: number;

  /**
   * Concurrent executions that the rotate function has to itself, so that no other function of the account can keep a sweep
   * from starting: at least 2, since a consent starts the function too. Lambda refuses it where the account would keep
   * less than its minimum without a reservation, which is so with the quota of a new account.
   * @default - none
   */
  readonly reservedConcurrency?: number;

  /**
   * Processors of the functions. The bundles are JavaScript and run on both; AWS prices arm64 lower.
   * @default 'arm64'
   */
  readonly architecture?: 'arm64' | 'x86_64';

  /**
   * Remaining life of an access token, in seconds, at which it is replaced when the refresh may revoke it at once:
   * 120 to 2400, and at least two sweeps. It is the time for retries.
   * @default 600
   */
  readonly marginSeconds?: number;

  /**
   * The same for an access token that is known to outlive a refresh: `marginSeconds` to 2400. Secrets Manager
   * allows 100 versions of a secret in 24 hours, which a larger margin would exceed.
   * @default 1800
   */
  readonly earlyMarginSeconds?: number;

  /**
   * Bundle of new connections: `'sales'`, or one for each app, `{ default: 'sales', reports: 'team' }`. A bundle is one
   * secret, `n8n_zoom_bundle_<name>`, with the tokens of many connections.
   * @default - each connection has a secret of its own
   */
  readonly defaultBundle?: string | { readonly [app: string]: string };

  /**
   * The most bytes of a bundle's secret, 1000 to 65536. n8n reads twenty secrets at once. A lower value leaves the
   * newest members of a full bundle out: move them first.
   * @default 48000 twenty secrets stay below a megabyte
   */
  readonly bundleBytes?: number;

  /**
   * The secrets that n8n's policy allows to read: at most 20 bundles by their names, such as `['sales']`. With one bundle
   * for each n8n project, deploy one policy of this kind for each. n8n then reads no connection that has a secret of its own.
   * @default [] every published secret
   */
  readonly readers?: readonly string[];

  /**
   * ARNs of this account's IAM users or roles with which n8n reads Secrets Manager. The read policy is attached to
   * each. One of another account is refused, by the synthesis or by the deployment.
   * @default [] attach the policy of the output `N8nPolicyArn` yourself
   */
  readonly n8nPrincipals?: readonly string[];

  /**
   * Other AWS accounts whose users and roles may assume the role of the output `N8nRoleArn`, which reads the published
   * tokens and nothing else. Each account decides which of its own may. `docs/n8n.md` has n8n's settings.
   * @default [] no role
   */
  readonly n8nAccountIds?: readonly string[];

  /**
   * Creates an IAM user for an n8n outside AWS. Its access key is in the secret of the output `N8nUserSecretArn` and
   * nowhere else.
   * @default false
   */
  readonly createN8nUser?: boolean;

  /**
   * Addresses of n8n that `zoom-tokens n8n link` may push new tokens to, for n8n editions without external secrets: at most
   * 10, such as `['https://n8n.example.com']`. An operator can add none, and so carries no token away. Nothing is pushed
   * before a link. Without an address there is no secret for n8n's API keys, no permission to push and no alarm of it.
   * @default [] no push
   */
  readonly n8nUrls?: readonly string[];

  /**
   * Your own domain name for the API, so that the redirect URL stays the same when the stack is deployed anew. It needs
   * `certificateArn`, and a DNS record that points to the output `DomainTarget`.
   * @default - API Gateway's domain name, which is a different one for each new stack
   */
  readonly domainName?: string;

  /**
   * ARN of the certificate for `domainName`, in ACM in the stack's Region.
   * @default - none
   */
  readonly certificateArn?: string;

  /**
   * `'customer'` creates a KMS key for the table, the key and app secrets and the topic, at $1 a month. The published
   * secrets stay under the account's `aws/secretsmanager` key, so that n8n needs no KMS permission. To change it in a
   * living stack, see docs/runbook.md#the-kms-key.
   * @default 'aws' keys that AWS owns or manages
   */
  readonly encryption?: 'aws' | 'customer';

  /**
   * ARN of an existing KMS key, in the stack's Region, for the table and for the key and app secrets. Its key policy must delegate access to
   * the account's IAM policies. To change it in a living stack, see docs/runbook.md#the-kms-key.
   * @default - none
   */
  readonly kmsKeyArn?: string;

  /**
   * Decides about the table, the secrets, the KMS key and the audit log when the stack is deleted. Without the table and
   * the key secret every connection needs a new consent.
   * @default 'retain' they are kept, except when the deployment that creates them fails
   */
  readonly removalPolicy?: 'retain' | 'destroy';

  /**
   * Rejects a deletion of the table until this is `false` again.
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * Retention of the logs in days: one of the values that CloudWatch Logs supports.
   * @default 30
   */
  readonly logRetentionDays?: number;

  /**
   * Retention in days of the audit log, which has a line for each command that changes something: one of the values that
   * CloudWatch Logs supports. The log outlives the stack. One that `existing` names keeps the retention that it has.
   * @default 365
   */
  readonly auditRetentionDays?: number;

  /**
   * E-mail address that receives the alarms. AWS sends it a message to confirm the subscription.
   * @default - none; subscribe to the topic of the output `AlarmTopicArn`
   */
  readonly alarmEmail?: string;

  /**
   * `'essential'` has at most five metrics and seven alarms, and no dashboard. `'full'` adds a dashboard, and alarms on
   * failing pages, on each function's errors and throttles, and on connections that need a new consent. The mails that
   * name a connection are sent either way.
   * @default 'essential'
   */
  readonly monitoring?: 'full' | 'essential';

  /**
   * Minutes without a finished sweep after which `no-sweep` alarms, 5 to 60.
   * @default 10
   */
  readonly alarmNoSweepMinutes?: number;

  /**
   * Minutes of validity of a published token below which `validity-low` alarms: at most `marginSeconds`, since every
   * healthy token falls to that.
   * @default - `marginSeconds` in whole minutes
   */
  readonly alarmValidityMinutes?: number;

  /**
   * Failed publications in each of two consecutive periods of five minutes at which `publish-failing` alarms.
   * @default 1
   */
  readonly alarmPublishFailures?: number;

  /**
   * Server errors of the API in five minutes at which `callback-errors` alarms, with `monitoring: 'full'`.
   * @default 1
   */
  readonly alarmCallbackErrors?: number;

  /**
   * Address of the runbook in the alarms' descriptions, to which `#<alarm>` is appended. Set it to a copy of
   * `docs/runbook.md` that your operators can open.
   * @default 'docs/runbook.md' the file in the repository and in the package
   */
  readonly runbookUrl?: string;
}
