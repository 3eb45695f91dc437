import { PRICES } from './prices.ts';

/** What the bill depends on. */
export interface Usage {
  connections: number;
  /** Of each connection. */
  rotationsPerDay: number;
  /** How often an n8n process reads, seconds; one process. */
  pollSeconds: number;
}

export interface Line {
  what: string;
  /** Its arithmetic in words. */
  of: string;
  quantity: number;
  /** Dollars for one. */
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
/** BatchGetSecretValue takes 20 secrets a call, ListSecrets tells 100. */
const BATCH = 20;
const PAGE = 100;

/** Write units of a rotation: three writes of an item of up to 3 kB, and the entries of two indexes that move. */
const ITEM_KILOBYTES = 3;
const WRITE_UNITS = 3 * ITEM_KILOBYTES + 2 * 2 + 2;
/** Of a sweep with nothing due, rounded up: a query and a heartbeat, and each third time a look at the fleet. */
const IDLE_READ_UNITS = 2;
const IDLE_WRITE_UNITS = 1.5;

/** What the function is billed for, seconds at 0.5 GB: a sweep with nothing due, and each rotation's share of sixteen. */
const IDLE_SECONDS = 0.1;
const ROTATION_SECONDS = 0.05;
const MEMORY_GIGABYTES = 0.5;

/** Of a sweep's metrics and Lambda's own lines, and of a rotation's two lines. */
const SWEEP_LOG_BYTES = 2000;
const ROTATION_LOG_BYTES = 1000;

/** What is measured each minute (lambdas/observability.ts), and the metrics that alarms watch (lib/monitoring/alarms.ts). */
const METRICS = 9;
const ALARMS = 14;

/** What the stack costs: one secret a connection. */
export function ours(usage: Usage): Bill {
  return { name: 'zoom-token-refresher', lines: [...secretLines(usage, 1), ...commonLines(usage)] };
}

/** The same, were the refresh token in a second secret of each connection instead of the table's item. */
export function twoSecrets(usage: Usage): Bill {
  return { name: 'two secrets a connection', lines: [...secretLines(usage, 2), ...commonLines(usage)] };
}

/**
 * The same, were n8n to read HashiCorp Vault on one instance of its own: no replica, no load balancer, nobody's time
 * to unseal, update and back it up. Vault refreshes no token of Zoom's, so all but Secrets Manager stays.
 */
export function vaultOn(instance: Instance, usage: Usage): Bill {
  const own = PRICES.secretMonth;
  return {
    name: `Vault on one ${instance}`,
    lines: [
      line(`${instance}`, `${HOURS} hours`, HOURS, PRICES.instanceHour[instance]),
      line('Volume', '8 GB of gp3', 8, PRICES.volumeGigabyteMonth),
      line('Public address', `${HOURS} hours`, HOURS, PRICES.publicAddressHour),
      line('Secrets', 'the key, one app, n8n', OWN_SECRETS, own),
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
  const of = (each: number, idle: number) =>
    `${n(MINUTES)} sweeps × ${idle} + ${n(rotations)} rotations × ${each}`;
  const gigabyteSeconds = (MINUTES * IDLE_SECONDS + rotations * ROTATION_SECONDS) * MEMORY_GIGABYTES;
  return [
    line(
      'DynamoDB, write units',
      of(WRITE_UNITS, IDLE_WRITE_UNITS),
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
      `(${of(ROTATION_SECONDS, IDLE_SECONDS)}) × ${MEMORY_GIGABYTES} GB`,
      gigabyteSeconds,
      PRICES.lambdaGigabyteSecond,
    ),
    line('Schedule', `${n(MINUTES)} starts`, MINUTES, PRICES.schedulerInvocation),
    line(
      'Logs, GB',
      `(${of(ROTATION_LOG_BYTES, SWEEP_LOG_BYTES)}) bytes`,
      (MINUTES * SWEEP_LOG_BYTES + rotations * ROTATION_LOG_BYTES) / 1e9,
      PRICES.logGigabyte,
    ),
    line('Metrics', `${METRICS} names`, METRICS, PRICES.metricMonth),
    line('Alarms', `${ALARMS} metrics watched`, ALARMS, PRICES.alarmMonth),
    line('Dashboard', 'one', 1, PRICES.dashboardMonth),
  ];
}

const line = (what: string, of: string, quantity: number, price: number): Line => ({
  what,
  of,
  quantity,
  price,
});

const n = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
