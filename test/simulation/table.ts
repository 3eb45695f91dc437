import type { Way } from './ledger.ts';
import type { SimulationReport } from './report.ts';

type Row = [label: string, of: (report: SimulationReport) => number | string] | string;

/** The reports side by side, one column each. */
export function table(reports: SimulationReport[]): string {
  const [first] = reports;
  if (!first) return '';
  const head = `${first.days} days, ${first.connections} connections, seed ${first.seed}. A sweep every minute; minutes in which nothing is due are skipped.`;
  const lines = rows(first).map((row) =>
    typeof row === 'string'
      ? `\n${row}`
      : `  ${row[0].padEnd(64)}${reports.map((report) => show(row[1](report)).padStart(18)).join('')}`,
  );
  return `${head}\n${lines.join('\n')}\n`;
}

function rows(first: SimulationReport): Row[] {
  const faults: [keyof SimulationReport['faults'], string][] = [
    ['outages', 'outages of Zoom, the table, the vault and n8n'],
    ['outageMinutes', 'minutes of outage'],
    ['failedCalls', 'calls that failed'],
    ['lostResponses', 'lost responses'],
    ['kills', 'functions killed'],
    ['duplicates', 'sweeps delivered twice'],
    ['deployments', 'deployments'],
  ];
  return [
    'At Zoom an old access token',
    ['', ({ outlives }) => (outlives ? 'outlives' : 'dies at')],
    ['', () => 'a refresh'],
    'Work',
    ['rotations', ({ rotations }) => rotations],
    ['sweeps with something due', ({ sweeps }) => sweeps],
    ['refresh requests at once for one connection, at most', ({ mostInFlight }) => mostInFlight],
    'Faults survived',
    ...faults.map(([fault, label]): Row => [label, (report) => report.faults[fault]]),
    'Connections lost, because',
    ...(Object.keys(first.lost) as (keyof SimulationReport['lost'])[]).map(
      (loss): Row => [loss, ({ lost }) => lost[loss]],
    ),
    ...(first.bundles === undefined ? [] : bundleRows),
    'Seconds for which n8n held a dead token, all connections together',
    ...first.dead.flatMap(({ way }, index): Row[] => [
      [`${told(way)}, in or just after an outage`, ({ dead }) => dead[index]?.outage ?? 0],
      [`${told(way)}, while a lost one waited for its human`, ({ dead }) => dead[index]?.lost ?? 0],
      [`${told(way)}, otherwise`, ({ dead }) => dead[index]?.otherwise ?? 0],
      [`${told(way)}, otherwise, for each rotation`, (report) => perRotation(report, index)],
    ]),
    'Share of all connections’ time that n8n held a living token',
    ...first.dead.map(({ way }, index): Row => [told(way), (report) => share(report, index)]),
  ];
}

const bundleRows: Row[] = [
  'Bundles',
  ['bundles', ({ bundles }) => bundles?.bundles ?? 0],
  ['versions of one secret in 24 h, at most', ({ bundles }) => bundles?.mostVersions ?? 0],
  ['versions that the quota of 100 refused', ({ bundles }) => bundles?.refused ?? 0],
  ['members that were disconnected, and consented again', ({ bundles }) => bundles?.disconnections ?? 0],
  ['of them whose dead token stayed until the next slot', ({ bundles }) => bundles?.waited ?? 0],
];

const told = (way: Way) => (way === 'push' ? 'n8n is pushed to' : `n8n polls every ${way} s`);

const perRotation = ({ dead, rotations }: SimulationReport, index: number) =>
  ((dead[index]?.otherwise ?? 0) / rotations).toFixed(1);

function share({ dead, days, connections }: SimulationReport, index: number): string {
  const { lost = 0, outage = 0, otherwise = 0 } = dead[index] ?? {};
  return `${(100 * (1 - (lost + outage + otherwise) / (days * 86_400 * connections))).toFixed(4)} %`;
}

const show = (value: number | string) => (typeof value === 'number' ? value.toLocaleString('en-US') : value);
