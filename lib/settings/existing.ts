import { parseJsonObject, type Rule } from './rules.ts';

/** The resources that an earlier stack left. A part that is missing is created anew. */
export interface Existing {
  /** Name of the table with the connections. */
  readonly table?: string;
  /** Name of the bucket with the tokens that DynamoDB could not store. */
  readonly rescueBucket?: string;
  /** ARN of the secret from which the key is derived that seals the stored tokens. */
  readonly sealingKeySecretArn?: string;
  /** ARN of the secret that signs links. */
  readonly linkKeySecretArn?: string;
  /** ARN of the secret of each Zoom app, by the app's name. */
  readonly appSecretArns?: Readonly<Record<string, string>>;
  /** ARN of the secret with n8n's API keys. */
  readonly n8nSecretArn?: string;
  /** ARN of the KMS key that the stack created for `encryption: 'customer'`. */
  readonly kmsKeyArn?: string;
  /** Name of the log group with what operators commanded. */
  readonly auditLogGroup?: string;
}

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/;

const isText = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value);

const PARTS: { readonly [part in keyof Existing]-?: (value: unknown) => boolean } = {
  table: isText(/^[\w.-]{3,255}$/),
  rescueBucket: isText(/^[a-z0-9.-]{3,63}$/),
  sealingKeySecretArn: isText(SECRET_ARN),
  linkKeySecretArn: isText(SECRET_ARN),
  appSecretArns: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(isText(SECRET_ARN)),
  n8nSecretArn: isText(SECRET_ARN),
  kmsKeyArn: isText(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/),
  auditLogGroup: isText(/^[\w./#-]{1,512}$/),
};

const isPart = (name: string): name is keyof Existing => Object.hasOwn(PARTS, name);

export const existingRule: Rule<Existing> = {
  expects: `the object that "npx zoom-tokens about --existing" prints, with nothing but ${Object.keys(PARTS).join(', ')}, each a name or a whole ARN`,
  read(value) {
    const object = parseJsonObject(value);
    if (object === undefined) return undefined;
    return Object.entries(object).every(
      ([name, part]) => isPart(name) && (part === undefined || PARTS[name](part)),
    )
      ? object
      : undefined;
  },
};

/** Returns the ARN of an app's secret in `existing`. An app may be named `constructor`. */
export const existingAppSecret = ({ appSecretArns = {} }: Existing, app: string): string | undefined =>
  Object.hasOwn(appSecretArns, app) ? appSecretArns[app] : undefined;

/**
 * Returns for each part that an installation is missing what people must enter again; nothing for a new installation,
 * whose `existing` is empty.
 */
export function missingParts({
  existing,
  apps,
  n8nUrls,
  encryption,
}: {
  existing: Existing;
  apps: readonly string[];
  n8nUrls: readonly string[];
  encryption: 'aws' | 'customer';
}): [part: string, consequence: string][] {
  if (Object.values(existing).every((part) => part === undefined)) return [];
  const missing: [string, string | false][] = [
    [
      'table',
      existing.table === undefined &&
        'Every connection must be made again: npx zoom-tokens connect <connection>.',
    ],
    [
      'sealingKeySecretArn',
      existing.sealingKeySecretArn === undefined &&
        'No stored token can be opened, so every connection must be made again: npx zoom-tokens connect <connection>.',
    ],
    [
      'linkKeySecretArn',
      existing.linkKeySecretArn === undefined &&
        'The links that are open end: npx zoom-tokens connect --renew-links.',
    ],
    ...apps.map((app): [string, string | false] => [
      `appSecretArns.${app}`,
      existingAppSecret(existing, app) === undefined &&
        `The credentials of the app "${app}" must be entered again: npx zoom-tokens setup ${app}.`,
    ]),
    [
      'n8nSecretArn',
      n8nUrls.length > 0 &&
        existing.n8nSecretArn === undefined &&
        'The API keys of n8n must be entered again: npx zoom-tokens n8n link <connection>.',
    ],
    [
      'rescueBucket',
      existing.rescueBucket === undefined &&
        'A token that DynamoDB could not store, which is rare, is not found, and its connection must be made again.',
    ],
    [
      'kmsKeyArn',
      encryption === 'customer' &&
        existing.kmsKeyArn === undefined &&
        'What the earlier key encrypts cannot be read: the functions may use the new key only.',
    ],
    [
      'auditLogGroup',
      existing.auditLogGroup === undefined &&
        'What operators commanded before stays in the earlier log group until it expires there.',
    ],
  ];
  return missing.flatMap(([part, consequence]): [string, string][] =>
    consequence === false ? [] : [[part, consequence]],
  );
}
