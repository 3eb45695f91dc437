/**
 * The facts that infrastructure, functions and command line share, each once. It imports nothing, so that every folder
 * may import it.
 */

/** Name of an installation that was given no other. It prefixes the names of functions and alarms. */
export const DEFAULT_NAME = 'zoom-token-refresher';

/** Names of installations. With the longest suffix, a function's name has at most 64 characters. */
export const INSTALLATION_PATTERN = /^[a-z][a-z0-9-]{0,39}$/;

/** Name of the Zoom app that a command or a webhook means when it names none. */
export const DEFAULT_APP = 'default';

/** Names of connections, apps and n8n instances: what n8n's dotted expression and a secret's name both allow. */
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,39}$/;

/** Names of bundles. The beginnings of their secrets' names are left out of them. */
export const BUNDLE_PATTERN = /^(?!bundle_|n8n_zoom_)[a-z][a-z0-9_]{0,39}$/;

/** n8n reads the secret `n8n_zoom_<connection>`. People have typed it into n8n, so it never changes. */
export const PUBLISHED_SECRET_PREFIX = 'n8n_zoom_';

/** Returns the name of a secret from its name or ARN. An ARN reveals the account, and strangers may see a message. */
export const bareName = (nameOrArn: string) => nameOrArn.replace(/^arn:.*:secret:(.+)-[A-Za-z0-9]{6}$/, '$1');

/** Bytes of a bundle's secret. The twenty secrets of one of n8n's batches stay below a megabyte by default. */
export const BUNDLE_BYTES = {
  usual: 48_000,
  /** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
  most: 65_536,
} as const;

/** n8n's own words for the credential that holds a token. https://docs.n8n.io/integrations/builtin/credentials/zoom/ */
export const N8N = {
  credentialType: 'Zoom API',
  field: 'JWT Token',
  deprecation: 'n8n shows a deprecation notice beside it; any bearer token works there.',
} as const;

/** Hosts, as `URL.hostname` writes them, that are this very machine. */
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Returns whether a host, as `URL.hostname` writes it, is this very machine. */
export const isLoopback = (hostname: string): boolean => LOOPBACK_HOSTS.has(hostname);

/**
 * Returns an address of n8n without a slash at its end; `undefined` for a text that is none. The API key is sent to it,
 * so plain HTTP is for this machine alone.
 */
export function normalN8nUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !isHttpsOrLoopback(url) || url.username || url.password || url.search || url.hash) {
    return undefined;
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** In `N8N_URLS`: any address of this machine. `npm start` sets it; no function on Lambda can reach an n8n there. */
export const ANY_LOOPBACK = 'loopback';

/** Returns whether credentials may be sent to an address: encrypted, or without leaving this machine. */
export const isHttpsOrLoopback = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));

/** A bundle's secret is `n8n_zoom_bundle_<bundle>`. */
export const BUNDLE_SECRET_PREFIX = `${PUBLISHED_SECRET_PREFIX}bundle_`;

/** Tag of a published secret: the installation that owns it. IAM conditions and `publish` compare it. */
export const INSTALLATION_TAG = 'zoom-token-refresher:installation';

/**
 * Classes of failure, by who has to act:
 * - `retry`: no one, a later attempt may succeed;
 * - `reconnect`: a human, who must consent at Zoom again;
 * - `misconfigured`: the operator, who must fix the app, the secret or the deployment;
 * - `rejected`: the sender of the request; nothing was changed.
 */
export const FAILURE_CLASSES = ['retry', 'reconnect', 'misconfigured', 'rejected'] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Routes of the HTTP API, by what they serve. */
export const ROUTES = {
  link: '/connect',
  callback: '/callback',
  events: '/zoom/events',
  appEvents: '/zoom/events/{app}',
} as const;

/** Timeouts of the functions, seconds. */
export const TIMEOUT_SECONDS = {
  /** API Gateway stops waiting after 30 s. The function's own error page has to come before that. */
  callback: 25,
  /** An operator waits at a terminal: one request to Zoom (10 s), the retried commit and the publication. */
  operator: 60,
  /** A sweep starts no step in its last 20 s and commits until the end. The lease outlives it; see `lease.ts`. */
  rotate: 60,
} as const;

/** Remaining life of an access token, in seconds, at which it is replaced. */
export const MARGIN_SECONDS = {
  /** For connections whose refresh may end the earlier access token: late, so that n8n's polling meets few rotations. */
  late: 10 * 60,
  /** For connections whose earlier access token outlives a refresh: early, so that n8n always holds a long-lived one. */
  early: 30 * 60,
  least: 60,
  /**
   * Tokens live an hour. With five minutes of jitter at least 15 minutes pass between rotations: at most 96 versions of a
   * published secret a day, where Secrets Manager allows 100.
   */
  most: 40 * 60,
} as const;

/** The table's keys and indexes. Both indexes have `status` as their partition key. */
export const TABLE = {
  partitionKey: 'connection',
  timeToLive: 'ttl',
  status: 'status',
  /** Index name to its sort key, epoch seconds. */
  indexes: { due: 'dueAt', validity: 'validUntil' },
  /** Attributes that an index holds besides the keys. CloudFormation cannot change them in place. */
  projected: {
    due: ['app', 'validUntil', 'suspectSince', 'failingSince', 'place'],
    validity: ['app', 'alertedAt'],
  },
} as const;

/** Prefix of the objects of the rescue bucket that are sealed pairs of tokens. */
export const RESCUED_PREFIX = 'pairs/';

/** The object of the rescue bucket that is the public half of the sealing key. The callback function may not write it. */
export const SEALING_KEY_OBJECT = 'sealing-key/public.json';

/** The stream of the audit log, which nothing else is in. */
export const AUDIT_LOG_STREAM = 'commands';

/** CloudWatch namespace of the functions' own metrics. */
export const METRICS_NAMESPACE = 'ZoomTokenRefresher';

/** Names of the functions' own metrics. `RotationFailed` has the dimension `class`. */
export const METRICS = [
  'Rotated',
  'RotationFailed',
  'Published',
  'PublishFailed',
  'Pushed',
  'PushFailed',
  'MinutesOfValidity',
  'ReconnectNeeded',
  'Misconfigured',
  'SweepSeconds',
] as const;
export type MetricName = (typeof METRICS)[number];

/** How much is measured. `essential` leaves out what the alarms by name or a later alarm show too. */
export const MONITORING = ['full', 'essential'] as const;
export type Monitoring = (typeof MONITORING)[number];

/**
 * The metrics that `monitoring: 'essential'` records. CloudWatch bills a metric by the hours in which it gets a value,
 * so a count of zero is not recorded then.
 */
export const ESSENTIAL_METRICS: readonly MetricName[] = [
  'SweepSeconds',
  'MinutesOfValidity',
  'Misconfigured',
  'PublishFailed',
  'PushFailed',
];

/** Names of the functions' environment variables, by what they hold. */
export const VARIABLES = {
  tableName: 'TABLE_NAME',
  linkKeySecretId: 'LINK_KEY_SECRET_ID',
  /** The callback function has none: it opens no stored token. */
  sealingKeySecretId: 'SEALING_KEY_SECRET_ID',
  /** JSON: the name of each Zoom app to the name or ARN of its secret. */
  appSecrets: 'APP_SECRETS',
  n8nSecretId: 'N8N_SECRET_ID',
  /** JSON: the addresses of n8n that tokens may be pushed to. */
  n8nUrls: 'N8N_URLS',
  rescueBucket: 'RESCUE_BUCKET',
  rotateFunctionName: 'ROTATE_FUNCTION_NAME',
  /** Set for the operator function alone. */
  auditLogGroup: 'AUDIT_LOG_GROUP',
  bundleBytes: 'BUNDLE_BYTES',
  defaultBundles: 'DEFAULT_BUNDLES',
  publicUrl: 'PUBLIC_URL',
  alertTopicArn: 'ALERT_TOPIC_ARN',
  zoomOauthUrl: 'ZOOM_OAUTH_URL',
  zoomApiUrl: 'ZOOM_API_URL',
  marginSeconds: 'MARGIN_SECONDS',
  earlyMarginSeconds: 'EARLY_MARGIN_SECONDS',
  installationName: 'INSTALLATION_NAME',
  displayName: 'DISPLAY_NAME',
  contact: 'CONTACT',
  /** Owner of the published secrets. */
  installationId: 'INSTALLATION_ID',
  sweepRateMinutes: 'SWEEP_RATE_MINUTES',
  monitoring: 'MONITORING',
  n8nPolicyArn: 'N8N_POLICY_ARN',
  /** The bundles that n8n's policy names, with commas. */
  readers: 'READERS',
  kmsKeyArn: 'KMS_KEY_ARN',
  version: 'VERSION',
} as const;

/** Returns the option that a command needs for an installation, with a space before it; nothing for the default one. */
export const nameOption = (installation: string): string =>
  installation === DEFAULT_NAME ? '' : ` --name ${installation}`;

/**
 * Returns a text for a mail, a page or a synthesis in which each command names the installation, as every one but the
 * default needs. The command line adds the name itself to what it prints.
 */
export const withNamedCommands = (text: string, installation = DEFAULT_NAME): string =>
  text.replace(/\bnpx zoom-tokens(?= [a-z])/g, `npx zoom-tokens${nameOption(installation)}`);
