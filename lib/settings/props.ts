/** What a deployment may choose: each as a property of the construct, or as a key of the CDK's context. */
export interface ZoomTokenRefresherProps {
  /**
   * Prefix of the names of functions, secrets and alarms, such as `<name>-operator` and `<name>/app/default`.
   * 1 to 40 of a-z, 0-9 and "-", the first a letter. One of a name in an account and Region. What n8n reads,
   * `n8n_zoom_<connection>`, has no prefix: a connection of one name belongs to the installation that published it
   * first, and the others are refused.
   * @default 'zoom-token-refresher'
   */
  readonly name?: string;

  /**
   * Zoom apps besides `default`: each gets a secret `<name>/app/<app>` that only the functions can read. A secret of
   * that name made by hand works too, but whoever may read every secret of the account reads it.
   * @default [] only `default`
   */
  readonly apps?: readonly string[];

  /**
   * Origin of Zoom's OAuth endpoints, without a slash at its end.
   * @default 'https://zoom.us'
   */
  readonly zoomOauthUrl?: string;

  /**
   * Origin of Zoom's API, without a slash at its end.
   * @default 'https://api.zoom.us'
   */
  readonly zoomApiUrl?: string;

  /**
   * Minutes between two sweeps, 1 to 5.
   * @default 1
   */
  readonly sweepRateMinutes?: number;

  /**
   * Seconds of remaining life at which a token is replaced when the earlier one may die at once, 120 to 3000. The
   * time for retries; at least two sweeps.
   * @default 600
   */
  readonly marginSeconds?: number;

  /**
   * The same when the earlier token is known to outlive a refresh, `marginSeconds` to 3000.
   * @default 1800
   */
  readonly earlyMarginSeconds?: number;

  /**
   * ARNs of users or roles of this account with which n8n reads: each gets the read policy.
   * @default [] attach the policy of the output `N8nPolicyArn` yourself
   */
  readonly n8nPrincipals?: readonly string[];

  /**
   * Makes an IAM user for an n8n outside AWS. Its access key is in the secret `<name>/n8n-user` and nowhere else.
   * @default false
   */
  readonly createN8nUser?: boolean;

  /**
   * Lets new tokens be pushed to n8n's public API, for the editions without external secrets. It does nothing until
   * `zoom-tokens n8n link`; false leaves out the secret `<name>/n8n`, its permissions and its alarm.
   * @default true
   */
  readonly n8nPush?: boolean;

  /**
   * A domain of yours for the API, so that the redirect URL outlives this stack. Needs `certificateArn`, and a DNS
   * record that points to the output `DomainTarget`.
   * @default - the domain that API Gateway gives, another one at each new deployment
   */
  readonly domainName?: string;

  /**
   * ARN of the certificate for `domainName`, in ACM in the stack's Region.
   * @default - none
   */
  readonly certificateArn?: string;

  /**
   * 'customer' makes a KMS key of your own for the table, the key and app secrets and the topic; it costs $1 a month.
   * What n8n reads stays under the account's `aws/secretsmanager` key, so that n8n needs no KMS permission.
   * @default 'aws' the keys that AWS owns or manages
   */
  readonly encryption?: 'aws' | 'customer';

  /**
   * ARN of a KMS key that you have, for the table and the key and app secrets. Its policy must let IAM policies of
   * the account decide.
   * @default - none
   */
  readonly kmsKeyArn?: string;

  /**
   * What becomes of the table, the secrets and the KMS key when the stack is destroyed. Without the first two every
   * connection has to be made anew.
   * @default 'retain' they are kept, unless the very deployment that creates them fails: then their names are free
   */
  readonly removalPolicy?: 'retain' | 'destroy';

  /**
   * Refuses the deletion of the table until this is switched off.
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * Days for which the logs are kept, one of those that CloudWatch Logs knows.
   * @default 30
   */
  readonly logRetentionDays?: number;

  /**
   * Who hears the alarms. AWS sends a mail that asks to confirm.
   * @default - nobody; subscribe to the topic of the output `AlarmTopicArn`
   */
  readonly alarmEmail?: string;

  /**
   * Minutes without a sweep that ring, 5 to 60.
   * @default 10
   */
  readonly alarmNoSweepMinutes?: number;

  /**
   * Minutes of validity below which what n8n reads rings; at most `marginSeconds`, which a healthy token reaches.
   * @default - `marginSeconds` in whole minutes
   */
  readonly alarmValidityMinutes?: number;

  /**
   * Failed publications in each of two periods of five minutes that ring.
   * @default 1
   */
  readonly alarmPublishFailures?: number;

  /**
   * Server errors of the API in five minutes that ring.
   * @default 1
   */
  readonly alarmCallbackErrors?: number;

  /**
   * Where the alarms send a reader for more than their own advice: the address of a copy of `docs/runbook.md` that
   * your people can open, to which `#<alarm>` is added.
   * @default 'docs/runbook.md' the file in the repository and in the package
   */
  readonly runbookUrl?: string;
}
