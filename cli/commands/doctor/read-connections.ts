import type { ConnectionView, FleetCounts } from '../../../lambdas/operator-protocol.ts';
import { FLEET_STATES, needsAttention } from '../../../lambdas/operator-protocol.ts';
import { type StatusPage, statusPages } from '../../connection/list-connections.ts';
import { formatCount, totalOf } from '../../connection/summary.ts';
import type { Session } from '../../session.ts';
import { connectionFindings, unreadableFindings } from './connections.ts';
import { type Finding, note } from './finding.ts';

/** Connections that are well, of which the later checks examine each. A larger fleet is examined by a sample. */
const SAMPLE = 100;
/** Connections that need attention, of which the later checks examine each. */
const MOST_EXAMINED = 500;

/**
 * Reports every connection that needs attention, and a sample of the others. Returns those that the later checks examine.
 * The states come from the index, so that a fleet of any size is counted.
 */
export async function readConnections(
  { operator, output }: Session,
  report: (findings: Finding[]) => void,
): Promise<ConnectionView[]> {
  const examined: ConnectionView[] = [];
  const troubled = statusPages({ states: FLEET_STATES.filter(needsAttention) }, operator);
  let seen = 0;
  let counts: FleetCounts | undefined;
  for (;;) {
    const next = await output.withSpinner(progress(seen, counts), () => troubled.next());
    if (next.done) break;
    const page: StatusPage = next.value;
    counts ??= page.counts;
    seen += page.connections.length;
    report([
      ...(page.connections.length > 0 ? connectionFindings(page.connections, page.now) : []),
      ...unreadableFindings(page.unreadable ?? []),
    ]);
    examined.push(...page.connections.slice(0, MOST_EXAMINED - examined.length));
  }
  const sample = await output.withSpinner('Requesting connections that are well', () =>
    operator.request('status', { states: ['active', 'disconnected'], limit: SAMPLE }),
  );
  // An older function knows no states, and returns every connection both times.
  const known = new Set(examined.map(({ connection }) => connection));
  const well = sample.connections.filter(({ connection }) => !known.has(connection));
  if (well.length > 0 || seen === 0) report(connectionFindings(well, sample.now));
  if (sample.next !== undefined) report([sampleNote(sample)]);
  if (seen > MOST_EXAMINED) report([notExamined(seen)]);
  return [...examined, ...well];
}

function progress(seen: number, counts: FleetCounts | undefined): string {
  if (!counts) return 'Requesting the connections';
  const { active, disconnected } = counts;
  return `Requesting the connections that need attention (${seen} of ${totalOf(counts) - active - disconnected})`;
}

function sampleNote({ connections, counts }: StatusPage): Finding {
  const of = counts === undefined ? '' : ` of ${formatCount(counts.active)}`;
  return note(
    'connections',
    `The checks below examine a sample of ${connections.length}${of} that are well.`,
  );
}

const notExamined = (seen: number): Finding =>
  note(
    'connections',
    `The checks below examine ${MOST_EXAMINED} of the ${formatCount(seen)} connections that need attention.`,
  );
