import { BUNDLE_BYTES, type MetricName } from '../../lambdas/contract.ts';
import { SLOT_SECONDS } from '../../lambdas/tokens/publication/slots.ts';
import { FREE_EACH_MONTH, PRICES } from './prices.ts';

/** The usage that a bill depends on. */
export interface Usage {
  connections: number;
  /** Rotations of each connection. */
  rotationsPerDay: number;
  /** Seconds between two reads by n8n, which is one process. */
  pollSeconds: number;
  /** Length of a token, bytes; 900 if absent. */
  tokenBytes?: number;
}

/** Sources of n8n's tokens: a secret of each connection, bundles, or credentials that are pushed to. */
export const LAYOUTS = ['own', 'bundles', 'push'] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface Line {
  what: string;
  /** The arithmetic of the quantity, in words. */
  arithmetic: string;
  quantity: number;
  /** Dollars for each unit. */
  price: number;
  /** Units that AWS's free tier covers each month, without end. */
  free?: number;
}

export interface Bill {
  name: string;
  lines: Line[];
}

export type Instance = keyof typeof PRICES.instanceHour;

const DAYS = 30;
const HOURS = DAYS * 24;
const MINUTES = HOURS * 60;
const SECONDS = MINUTES * 60;

/** The key, the credentials of one app, and the n8n instances that are pushed to. */
const OWN_SECRETS = 4;
/** Secrets for each call of BatchGetSecretValue, and for each page of ListSecrets. */
const BATCH = 20;
const PAGE = 100;

/** Write units of a rotation besides those of the tokens: two writes of the connection, and its two moved index entries. */
const CONNECTION_UNITS = 2 + 2 * 2;
/** A connection's item, kB, and what the item of the tokens holds besides the two tokens, bytes. */
const ITEM_KILOBYTES = 1;
const ENVELOPE_BYTES = 600;
/** A rotation reads the item of the tokens. A bundle's publication reads both items of each member once more. */
const ROTATION_READ_UNITS = 1;
const MEMBER_READ_UNITS = 2;

/** How often the members of a bundle rotate, and what a member has in it besides its token, bytes. */
const SLOTS_PER_DAY = (24 * 3600) / SLOT_SECONDS;
const MEMBER_BYTES = 26;
/** The longest token that a bundle holds, bytes. */
export const MOST_TOKEN_BYTES = BUNDLE_BYTES.usual - MEMBER_BYTES;
/** Bytes of a bundle's own item: for each member, and besides. It is written twice for each publication. */
const MEMBER_ITEM_BYTES = 45;
const BUNDLE_ITEM_BYTES = 800;
const BUNDLE_WRITES = 2;

/** How long a function keeps an app's credentials, and the sealing key; minutes. */
const CREDENTIALS_MINUTES = 1;
const KEY_MINUTES = 10;

/** Units of a sweep with nothing due, rounded up: three queries and a heartbeat, and a health check in every third sweep. */
const IDLE_READ_UNITS = 2.5;
const IDLE_WRITE_UNITS = 1.5;

/** Billed duration, seconds: at most so much for a sweep with nothing due, and for a rotation when five run at once. */
const IDLE_SECONDS = 0.1;
const ROTATION_SECONDS = 0.05;
/** 1,769 MB. */
const MEMORY_GIGABYTES = 1.7275;

/** Log of a sweep (its metrics and Lambda's own lines), and of a rotation (two lines). */
const SWEEP_LOG_BYTES = 2000;
const ROTATION_LOG_BYTES = 1000;

/** Metrics that every sweep records with `monitoring: 'essential'`. The other three cost something in hours with failures. */
const RECORDED_METRICS = ['MinutesOfValidity', 'SweepSeconds'] satisfies MetricName[];
/** The essential rows of lib/monitoring/alarm-table.ts; a test compares it with the stack. */
const ALARMS = 7;

const NAMES: Record<Layout, string> = {
  own: 'a secret a connection',
  bundles: 'bundles',
  push: 'push only',
};

/** Returns the bill of this stack, with one secret for each connection unless another layout is asked for. */
export function ours(usage: Usage, layout: Layout = 'own'): Bill {
  const rotated = { ...usage, rotationsPerDay: rotationsOf(usage, layout) };
  const bundles = layout === 'bundles' ? bundlesOf(usage) : undefined;
  return {
    name: NAMES[layout],
    lines: [...publicationLines(rotated, layout), ...commonLines(rotated, bundles)],
  };
}

/** Returns the rotations of a connection a day. The members of a bundle rotate with its slots, whatever the margin. */
export const rotationsOf = ({ rotationsPerDay }: Usage, layout: Layout): number =>
  layout === 'bundles' ? SLOTS_PER_DAY : rotationsPerDay;

/** Returns the cheaper of the two layouts that n8n reads itself. */
export function cheapest(usage: Usage): { layout: Layout; bill: Bill } {
  const own = ours(usage, 'own');
  const bundles = ours(usage, 'bundles');
  return sum(bundles) < sum(own) ? { layout: 'bundles', bill: bundles } : { layout: 'own', bill: own };
}

/** Returns from how many connections on Vault on that instance is cheaper; `undefined` up to `most`. */
export function breakEven(instance: Instance, usage: Usage, most = 100_000): number | undefined {
  const isDearer = (connections: number) => {
    const each = { ...usage, connections };
    return sum(cheapest(each).bill) > sum(vaultOn(instance, each));
  };
  if (!isDearer(most)) return undefined;
  let [below, above] = [0, most];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (isDearer(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** No version quota asks for more rotations than those of a bundle. */
const slotted = (usage: Usage): Usage => ({
  ...usage,
  rotationsPerDay: Math.min(usage.rotationsPerDay, SLOTS_PER_DAY),
});

/** Returns the bill if the refresh tokens were in a second secret of each connection instead of in the table. */
export function twoSecrets(usage: Usage): Bill {
  return { name: 'two secrets a connection', lines: [...secretLines(usage, 2), ...commonLines(usage)] };
}

/**
 * Returns the bill if n8n read from HashiCorp Vault on one EC2 instance. It leaves out a replica, a load balancer and
 * the work to unseal, update and back up Vault. Vault cannot refresh Zoom's tokens, so only Secrets Manager is replaced.
 */
export function vaultOn(instance: Instance, usage: Usage): Bill {
  const own = PRICES.secretMonth;
  return {
    name: `Vault on one ${instance}`,
    lines: [
      line(`${instance}`, `${HOURS} hours`, HOURS, PRICES.instanceHour[instance]),
      line('Volume', '8 GB of gp3', 8, PRICES.volumeGigabyteMonth),
      line('Public address', `${HOURS} hours`, HOURS, PRICES.publicAddressHour),
      line('Secrets', '2 keys + app + n8n', OWN_SECRETS, own),
      ...commonLines(slotted(usage)),
    ],
  };
}

/** Returns the dollars of a bill. With AWS's free tier, what that covers costs nothing. */
export const sum = ({ lines }: Bill, { freeTier } = { freeTier: false }): number =>
  lines.reduce(
    (total, { quantity, price, free = 0 }) => total + Math.max(0, quantity - (freeTier ? free : 0)) * price,
    0,
  );

function publicationLines(usage: Usage, layout: Layout): Line[] {
  if (layout === 'own') return secretLines(usage, 1);
  if (layout === 'push') {
    return [line('Secrets', '2 keys + app + n8n', OWN_SECRETS, PRICES.secretMonth)];
  }
  const { pollSeconds } = usage;
  const { bundles, members } = bundlesOf(usage);
  const polls = SECONDS / pollSeconds;
  const calls = Math.ceil(bundles / BATCH) + Math.ceil((bundles + OWN_SECRETS) / PAGE);
  return [
    line(
      'Secrets',
      `${n(bundles)} bundle${bundles === 1 ? '' : 's'} of up to ${members} + 2 keys + app + n8n`,
      bundles + OWN_SECRETS,
      PRICES.secretMonth,
    ),
    line(
      'Publishing',
      `${n(bundles)} × ${SLOTS_PER_DAY} a day × ${DAYS}`,
      bundles * SLOTS_PER_DAY * DAYS,
      PRICES.secretsCall,
    ),
    line('Reading by n8n', `${n(polls)} polls × ${n(calls)} calls`, polls * calls, PRICES.secretsCall),
  ];
}

interface Bundles {
  bundles: number;
  /** Most members of one. */
  members: number;
}

function bundlesOf({ connections, tokenBytes = 900 }: Usage): Bundles {
  const members = Math.floor(BUNDLE_BYTES.usual / (tokenBytes + MEMBER_BYTES));
  return { bundles: Math.ceil(connections / members), members };
}

function secretLines({ connections, rotationsPerDay, pollSeconds }: Usage, each: number): Line[] {
  const rotations = connections * rotationsPerDay * DAYS;
  const polls = SECONDS / pollSeconds;
  const calls = Math.ceil(connections / BATCH) + Math.ceil((each * connections + OWN_SECRETS) / PAGE);
  const held = each === 1 ? `${n(connections)} connections` : `2 × ${n(connections)} connections`;
  return [
    line('Secrets', `${held} + 2 keys + app + n8n`, each * connections + OWN_SECRETS, PRICES.secretMonth),
    line(
      'Publishing',
      `${each === 1 ? '' : '2 × '}${n(connections)} × ${n(rotationsPerDay)} a day × ${DAYS}`,
      each * rotations,
      PRICES.secretsCall,
    ),
    line('Reading by n8n', `${n(polls)} polls × ${n(calls)} calls`, polls * calls, PRICES.secretsCall),
  ];
}

function commonLines({ connections, rotationsPerDay, tokenBytes = 900 }: Usage, bundled?: Bundles): Line[] {
  const tokensKilobytes = (2 * tokenBytes + ENVELOPE_BYTES) / 1024;
  const writeUnits = CONNECTION_UNITS + Math.ceil(tokensKilobytes);
  const rotations = connections * rotationsPerDay * DAYS;
  const total = (each: number, idle: number) =>
    `${n(MINUTES)} sweeps × ${idle} + ${n(rotations)} rotations × ${each}`;
  const readUnits = ROTATION_READ_UNITS + (bundled ? MEMBER_READ_UNITS : 0);
  const publications = bundled ? bundled.bundles * SLOTS_PER_DAY * DAYS : 0;
  const bundleUnits = bundled ? BUNDLE_WRITES * itemUnits(bundled) : 0;
  // The rotations of a sweep share what they read. A bundle's members rotate in one sweep.
  const busySweeps = Math.min(MINUTES, bundled ? publications : rotations);
  const credentials = Math.min(busySweeps, MINUTES / CREDENTIALS_MINUTES);
  const keys = Math.min(busySweeps, MINUTES / KEY_MINUTES);
  const gigabyteSeconds = (MINUTES * IDLE_SECONDS + rotations * ROTATION_SECONDS) * MEMORY_GIGABYTES;
  return [
    line(
      'Reading by the functions',
      `${n(credentials)} × credentials + ${n(keys)} × sealing key`,
      credentials + keys,
      PRICES.secretsCall,
    ),
    line(
      'DynamoDB, write units',
      total(writeUnits, IDLE_WRITE_UNITS) + (bundled ? ` + ${n(publications)} bundles × ${bundleUnits}` : ''),
      MINUTES * IDLE_WRITE_UNITS + rotations * writeUnits + publications * bundleUnits,
      PRICES.writeUnit,
    ),
    line(
      'DynamoDB, read units',
      total(readUnits, IDLE_READ_UNITS),
      MINUTES * IDLE_READ_UNITS + rotations * readUnits,
      PRICES.readUnit,
    ),
    line(
      'DynamoDB, GB with recovery',
      `${n(connections)} × ${n(ITEM_KILOBYTES + tokensKilobytes)} kB`,
      (connections * (ITEM_KILOBYTES + tokensKilobytes)) / 1e6,
      PRICES.tableGigabyteMonth,
    ),
    line('Lambda, requests', `${n(MINUTES)} sweeps`, MINUTES, PRICES.lambdaRequest),
    line(
      'Lambda, GB-seconds',
      `(${total(ROTATION_SECONDS, IDLE_SECONDS)}) × ${MEMORY_GIGABYTES} GB`,
      gigabyteSeconds,
      PRICES.lambdaGigabyteSecond,
    ),
    line('Schedule', `${n(MINUTES)} starts`, MINUTES, PRICES.schedulerInvocation),
    line(
      'Logs, GB',
      `(${total(ROTATION_LOG_BYTES, SWEEP_LOG_BYTES)}) bytes`,
      (MINUTES * SWEEP_LOG_BYTES + rotations * ROTATION_LOG_BYTES) / 1e9,
      PRICES.logGigabyte,
    ),
    line('Metrics', RECORDED_METRICS.join(' + '), RECORDED_METRICS.length, PRICES.metricMonth),
    line('Alarms', `${ALARMS} metrics watched`, ALARMS, PRICES.alarmMonth),
  ];
}

const itemUnits = ({ bundles, members }: Bundles): number =>
  bundles === 0 ? 0 : Math.ceil((BUNDLE_ITEM_BYTES + members * MEMBER_ITEM_BYTES) / 1024);

const line = (what: string, arithmetic: string, quantity: number, price: number): Line => {
  const free = FREE_EACH_MONTH[what];
  return { what, arithmetic, quantity, price, ...(free !== undefined && { free }) };
};

const { format: n } = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
