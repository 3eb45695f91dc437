import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Node } from 'constructs';
import type { ZoomTokenRefresherProps } from './props.ts';
import { among, listOf, oneOf, origin, type Rule, text, whole, yesOrNo } from './rules.ts';

type Optional = 'domainName' | 'certificateArn' | 'kmsKeyArn' | 'alarmEmail';

/** What a deployment has chosen, complete and checked. */
export type Settings = Required<Omit<ZoomTokenRefresherProps, Optional>> &
  Pick<ZoomTokenRefresherProps, Optional>;

type Rules = { readonly [key in keyof Settings]-?: Rule<NonNullable<Settings[key]>> };

const DEFAULTS: Omit<Settings, 'alarmValidityMinutes'> = {
  name: 'zoom-token-refresher',
  apps: [],
  zoomOauthUrl: 'https://zoom.us',
  zoomApiUrl: 'https://api.zoom.us',
  sweepRateMinutes: 1,
  marginSeconds: 600,
  earlyMarginSeconds: 1800,
  n8nPrincipals: [],
  createN8nUser: false,
  n8nPush: true,
  encryption: 'aws',
  removalPolicy: 'retain',
  deletionProtection: false,
  logRetentionDays: 30,
  alarmNoSweepMinutes: 10,
  alarmPublishFailures: 1,
  alarmCallbackErrors: 1,
  runbookUrl: 'docs/runbook.md',
};

const RETENTIONS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

const RULES: Rules = {
  // With the longest suffix it fits a function's 64 characters, and it is a valid stack name.
  name: text(/^[a-z][a-z0-9-]{0,39}$/, '1 to 40 of a-z, 0-9 and "-", the first a letter'),
  apps: listOf(
    text(
      /^(?!default$)[a-z][a-z0-9_]{0,39}$/,
      'a name of 1 to 40 of a-z, 0-9 and "_", the first a letter, and not "default", which is always there',
    ),
  ),
  zoomOauthUrl: origin(DEFAULTS.zoomOauthUrl),
  zoomApiUrl: origin(DEFAULTS.zoomApiUrl),
  sweepRateMinutes: whole(1, 5),
  marginSeconds: whole(120, 3000),
  earlyMarginSeconds: whole(120, 3000),
  n8nPrincipals: listOf(
    text(/^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/, 'the ARN of an IAM user or role'),
  ),
  createN8nUser: yesOrNo,
  n8nPush: yesOrNo,
  domainName: text(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'a domain name in lower case, such as zoom.example.com',
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
  deletionProtection: yesOrNo,
  logRetentionDays: among(RETENTIONS),
  alarmEmail: text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address'),
  alarmNoSweepMinutes: whole(5, 60),
  alarmValidityMinutes: whole(1, 50),
  alarmPublishFailures: whole(1, 1_000_000),
  alarmCallbackErrors: whole(1, 1_000_000),
  runbookUrl: text(/^\S+$/, 'an address without spaces'),
};

const KEYS = Object.keys(RULES) as (keyof Settings)[];

/**
 * The settings in the context of `cdk.json` or of `-c key=value`, with the defaults for those that are not there.
 * @throws {Error} that names the context key whose value is wrong
 */
export function settingsFromContext(node: Node): Settings {
  try {
    return settings(Object.fromEntries(KEYS.map((key) => [key, node.tryGetContext(key)])));
  } catch (error) {
    if (!(error instanceof WrongSetting)) throw error;
    const { key, message } = error;
    throw new Error(`${message} Correct it in the context of cdk.json, or give it with -c ${key}=…`);
  }
}

/** @throws {Error} that names the property whose value is wrong */
export function settings(given: { readonly [key in keyof Settings]?: unknown }): Settings {
  const chosen: Record<string, unknown> = { ...DEFAULTS };
  for (const key of KEYS) {
    if (given[key] === undefined) continue;
    const value = RULES[key].read(given[key]);
    if (value === undefined) throw new WrongSetting(key, RULES[key].expects, given[key]);
    chosen[key] = value;
  }
  chosen.alarmValidityMinutes ??= Math.floor(Number(chosen.marginSeconds) / 60);
  const all = chosen as unknown as Settings;
  assertTogether(all);
  return all;
}

/** What is right by itself may be wrong beside another. */
function assertTogether(all: Settings): void {
  const { sweepRateMinutes, marginSeconds, earlyMarginSeconds, alarmValidityMinutes, alarmNoSweepMinutes } =
    all;
  if (alarmNoSweepMinutes < 2 * sweepRateMinutes) {
    throw new WrongSetting(
      'alarmNoSweepMinutes',
      `at least two sweeps, ${2 * sweepRateMinutes}`,
      alarmNoSweepMinutes,
    );
  }
  if (marginSeconds < 2 * 60 * sweepRateMinutes) {
    throw new WrongSetting('marginSeconds', `at least two sweeps, ${120 * sweepRateMinutes}`, marginSeconds);
  }
  if (earlyMarginSeconds < marginSeconds) {
    throw new WrongSetting(
      'earlyMarginSeconds',
      `at least "marginSeconds", ${marginSeconds}`,
      earlyMarginSeconds,
    );
  }
  if (alarmValidityMinutes * 60 > marginSeconds) {
    const most = Math.floor(marginSeconds / 60);
    throw new WrongSetting(
      'alarmValidityMinutes',
      `at most ${most}, the minutes at which a token is replaced`,
      alarmValidityMinutes,
    );
  }
  if (all.domainName !== undefined && all.certificateArn === undefined) {
    throw new WrongSetting('certificateArn', 'the ARN of the certificate for "domainName"', undefined);
  }
  if (all.certificateArn !== undefined && all.domainName === undefined) {
    throw new WrongSetting('domainName', 'the name that "certificateArn" is for', undefined);
  }
  if (all.kmsKeyArn !== undefined && all.encryption === 'customer') {
    throw new WrongSetting(
      'encryption',
      'left out beside "kmsKeyArn", since "customer" makes a key',
      all.encryption,
    );
  }
}

class WrongSetting extends Error {
  readonly key: string;

  constructor(key: keyof Settings, expects: string, value: unknown) {
    const is = value === undefined ? 'missing' : JSON.stringify(value);
    super(`"${key}" must be ${expects}, but it is ${is}.`);
    this.key = key;
  }
}
