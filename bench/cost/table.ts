import { markdownTable, withSection } from '../report/markdown.ts';
import { LAYOUTS, ours, sum, vaultOn } from './bill.ts';

/** The documents that show bills, with their numbers of connections. */
export const DOCUMENTS: Record<string, number[]> = {
  'README.md': [1, 1000],
  'docs/performance.md': [1, 10, 100, 1000, 10_000],
};

/** Minutes between two rotations where an earlier token outlives a refresh: 60, less a margin of 30 and half a jitter of 5. */
export const DEFAULT_INTERVAL_MINUTES = 27.5;

/** How often n8n reads by default. */
export const DEFAULT_POLL_SECONDS = 300;

/** Returns the document with its section `cost` generated anew: the bills for these numbers of connections. */
export const withBills = (document: string, sizes: number[]): string =>
  withSection(document, 'cost', billsTable(sizes));

function billsTable(sizes: number[]): string {
  const bills = sizes.map((connections) => {
    const usage = {
      connections,
      rotationsPerDay: (24 * 60) / DEFAULT_INTERVAL_MINUTES,
      pollSeconds: DEFAULT_POLL_SECONDS,
    };
    const layouts = LAYOUTS.map((layout) => ours(usage, layout));
    return [...layouts, vaultOn('t4g.nano', usage), vaultOn('t4g.small', usage)];
  });
  return markdownTable(
    ['connections', ...(bills[0] ?? []).map(({ name }) => name)],
    bills.map((row, index) => [
      sizes[index]?.toLocaleString('en-US') ?? '',
      ...row.map((bill) => ({ text: dollars(sum(bill)) })),
    ]),
  );
}

const dollars = (amount: number) =>
  amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
