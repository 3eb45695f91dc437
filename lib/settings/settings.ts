import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  BUNDLE_BYTES,
  DEFAULT_APP,
  DEFAULT_NAME,
  INSTALLATION_PATTERN,
  MARGIN_SECONDS,
  MONITORING,
  NAME_PATTERN,
} from '../../lambdas/contract.ts';
import { bundleRule, readersRule } from './bundle-rule.ts';
import { existingRule } from './existing.ts';
import { n8nUrlsRule } from './n8n-urls.ts';
import type { ZoomTokenRefresherProps } from './props.ts';
import { among, except, listOf, oneOf, origin, type Rule, text, trueOrFalse, whole } from './rules.ts';

type Optional =
  | 'defaultBundle'
  | 'displayName'
  | 'contact'
  | 'domainName'
  | 'certificateArn'
  | 'kmsKeyArn'
  | 'alarmEmail'
  | 'reservedConcurrency';

/** The settings of a deployment, complete and valid. */
export type Settings = Required<Omit<ZoomTokenRefresherProps, Optional>> &
  Pick<ZoomTokenRefresherProps, Optional>;

type Rules = { readonly [key in keyof Settings]-?: Rule<NonNullable<Settings[key]>> };

/** The values of settings that are left out. Two more follow from others: see `toSettings`. */
export const DEFAULTS: Omit<Settings, 'alarmValidityMinutes' | 'installationId'> = {
  existing: {},
  deployers: [],
  name: DEFAULT_NAME,
  apps: [],
  zoomOauthUrl: 'https://zoom.us',
  zoomApiUrl: 'https://api.zoom.us',
  sweepRateMinutes: 1,
  architecture: 'arm64',
  marginSeconds: MARGIN_SECONDS.late,
  earlyMarginSeconds: MARGIN_SECONDS.early,
  bundleBytes: BUNDLE_BYTES.usual,
  readers: [],
  n8nPrincipals: [],
  n8nAccountIds: [],
  createN8nUser: false,
  n8nUrls: [],
  encryption: 'aws',
  removalPolicy: 'retain',
  deletionProtection: false,
  logRetentionDays: 30,
  auditRetentionDays: 365,
  monitoring: 'essential',
  alarmNoSweepMinutes: 10,
  alarmPublishFailures: 1,
  alarmCallbackErrors: 1,
  runbookUrl: 'docs/runbook.md',
};

const RETENTIONS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** Tokens live an hour: with a larger margin a secret would get more than 96 versions a day. */
const VERSION_QUOTA = '(Secrets Manager allows 100 versions of a secret in 24 hours)';
/** Two sweeps at the fastest rate, which leaves time for one retry. */
const LEAST_MARGIN_SECONDS = 2 * 60;
/** The ARNs of the apps' secrets are in the functions' environment variables, which hold 4 KB. */
const MAX_APPS = 11;

// It has to be a valid stack name too.
const NAME = text(INSTALLATION_PATTERN, '1 to 40 of a-z, 0-9 and "-", starting with a letter');

/** How each setting is read; rules about several at once are in `consistency.ts`. */
export const RULES: Rules = {
  name: NAME,
  displayName: text(
    /^(?=.{1,60}$)[^\s\p{C}](.*[^\s\p{C}])?$/u,
    '1 to 60 characters without a space at either end',
  ),
  contact: text(
    /^(?=.{1,200}$)([^\s@:?&#]+@[^\s@:?&#]+\.[^\s@:?&#]+|https:\/\/\S+)$/,
    'an e-mail address or an https address',
  ),
  installationId: NAME,
  existing: existingRule,
  deployers: listOf(text(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of an IAM role')),
  apps: listOf(
    except(
      DEFAULT_APP,
      text(
        NAME_PATTERN,
        `1 to 40 of a-z, 0-9 and "_", starting with a letter, but not "${DEFAULT_APP}", which always exists`,
      ),
    ),
    MAX_APPS,
  ),
  zoomOauthUrl: origin(DEFAULTS.zoomOauthUrl),
  zoomApiUrl: origin(DEFAULTS.zoomApiUrl),
  sweepRateMinutes: whole(1, 5),
  architecture: oneOf('arm64', 'x86_64'),
  reservedConcurrency: whole(2, 1000, '(a consent starts the function besides the schedule)'),
  marginSeconds: whole(LEAST_MARGIN_SECONDS, MARGIN_SECONDS.most, VERSION_QUOTA),
  earlyMarginSeconds: whole(LEAST_MARGIN_SECONDS, MARGIN_SECONDS.most, VERSION_QUOTA),
  defaultBundle: bundleRule,
  bundleBytes: whole(1000, BUNDLE_BYTES.most),
  readers: readersRule,
  n8nPrincipals: listOf(
    text(/^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/, 'the ARN of an IAM user or role'),
  ),
  n8nAccountIds: listOf(text(/^\d{12}$/, 'the 12 digits of an AWS account, as text')),
  createN8nUser: trueOrFalse,
  n8nUrls: n8nUrlsRule,
  domainName: text(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'a domain name in lower-case letters, such as zoom.example.com',
  ),
  certificateArn: text(
    /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
    'the ARN of a certificate in ACM',
  ),
  encryption: oneOf('aws', 'customer'),
  kmsKeyArn: text(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
    'the ARN of a KMS key, not of an alias',
  ),
  removalPolicy: oneOf('retain', 'destroy'),
  deletionProtection: trueOrFalse,
  logRetentionDays: among(RETENTIONS),
  auditRetentionDays: among(RETENTIONS),
  alarmEmail: text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address'),
  monitoring: oneOf(...MONITORING),
  alarmNoSweepMinutes: whole(5, 60),
  alarmValidityMinutes: whole(1, 50),
  alarmPublishFailures: whole(1, 1_000_000),
  alarmCallbackErrors: whole(1, 1_000_000),
  runbookUrl: text(/^\S+$/, 'an address without spaces'),
};

/** The names of all settings. */
export const KEYS = Object.keys(RULES) as (keyof Settings)[];
