import type { MetricName } from '../../lambdas/contract.ts';
import { PRICES } from './prices.ts';

/** The usage that a bill depends on. */
export interface Usage {
  connections: number;
  /** Rotations of each connection. */
  rotationsPerDay: number;
  /** Seconds between two reads by n8n, which is one process. */
  pollSeconds: number;
}

export interface Line {
  what: string;
  /** The arithmetic of the quantity, in words. */
  arithmetic: string;
  quantity: number;
  /** Dollars for each unit. */
  price: number;
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
const OWN_SECRETS = 3;
/** Secrets for each call of BatchGetSecretValue, and for each page of ListSecrets. */
const BATCH = 20;
const PAGE = 100;

/** Write units of a rotation: three writes of an item of up to 3 kB, and the changed entries of two indexes. */
const ITEM_KILOBYTES = 3;
const WRITE_UNITS = 3 * ITEM_KILOBYTES + 2 * 2 + 2;
/** Units of a sweep with nothing due, rounded up: a query and a heartbeat, and a health check in every third sweep. */
const IDLE_READ_UNITS = 2;
const IDLE_WRITE_UNITS = 1.5;

/** Billed duration, seconds at 0.5 GB: a sweep with nothing due, and a rotation's share when 16 run at once. */
const IDLE_SECONDS = 0.1;
const ROTATION_SECONDS = 0.05;
const MEMORY_GIGABYTES = 0.5;

/** Log of a sweep (its metrics and Lambda's own lines), and of a rotation (two lines). */
const SWEEP_LOG_BYTES = 2000;
const ROTATION_LOG_BYTES = 1000;

/** Metrics that every sweep records with `monitoring: 'essential'`. The other three cost something in hours with failures. */
const RECORDED_METRICS = ['MinutesOfValidity', 'SweepSeconds'] satisfies MetricName[];
/** The essential rows of lib/monitoring/alarm-table.ts; a test compares it with the stack. */
const ALARMS = 7;

/** Returns the bill of this stack: one secret for each connection. */
export function ours(usage: Usage): Bill {
  return { name: 'zoom-token-refresher', lines: [...secretLines(usage, 1), ...commonLines(usage)] };
}

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
      line('Secrets', 'key + app + n8n', OWN_SECRETS, own),
      ...commonLines(usage),
    ],
  };
}

export const sum = ({ lines }: Bill): number =>
  lines.reduce((total, { quantity, price }) => total + quantity * price, 0);

function secretLines({ connections, rotationsPerDay, pollSeconds }: Usage, each: number): Line[] {
  const rotations = connections * rotationsPerDay * DAYS;
  const polls = SECONDS / pollSeconds;
  const calls = Math.ceil(connections / BATCH) + Math.ceil((each * connections + OWN_SECRETS) / PAGE);
  const held = each === 1 ? `${n(connections)} connections` : `2 × ${n(connections)} connections`;
  return [
    line('Secrets', `${held} + key + app + n8n`, each * connections + OWN_SECRETS, PRICES.secretMonth),
    line(
      'Publishing',
      `${each === 1 ? '' : '2 × '}${n(connections)} × ${n(rotationsPerDay)} a day × ${DAYS}`,
      each * rotations,
      PRICES.secretsCall,
    ),
    line('Reading by n8n', `${n(polls)} polls × ${n(calls)} calls`, polls * calls, PRICES.secretsCall),
  ];
}

function commonLines({ connections, rotationsPerDay }: Usage): Line[] {
  const rotations = connections * rotationsPerDay * DAYS;
  const total = (each: number, idle: number) =>
    `${n(MINUTES)} sweeps × ${idle} + ${n(rotations)} rotations × ${each}`;
  const gigabyteSeconds = (MINUTES * IDLE_SECONDS + rotations * ROTATION_SECONDS) * MEMORY_GIGABYTES;
  return [
    line(
      'DynamoDB, write units',
      total(WRITE_UNITS, IDLE_WRITE_UNITS),
      MINUTES * IDLE_WRITE_UNITS + rotations * WRITE_UNITS,
      PRICES.writeUnit,
    ),
    line(
      'DynamoDB, read units',
      `${n(MINUTES)} sweeps × ${IDLE_READ_UNITS}`,
      MINUTES * IDLE_READ_UNITS,
      PRICES.readUnit,
    ),
    line(
      'DynamoDB, GB with recovery',
      `${n(connections)} × ${ITEM_KILOBYTES} kB`,
      (connections * ITEM_KILOBYTES) / 1e6,
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

const line = (what: string, arithmetic: string, quantity: number, price: number): Line => ({
  what,
  arithmetic,
  quantity,
  price,
});

const n = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
