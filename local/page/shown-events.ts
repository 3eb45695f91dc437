import { typographic } from '../../lambdas/web/page-template.ts';
import type { Entry } from '../journal.ts';

/** One event of the page. `at` is epoch seconds of the local clock. */
export interface ShownEvent {
  event: string;
  at: number;
  title: string;
  paragraphs: Paragraph[];
}

/** A text, and what an alert says about it, as terms with their descriptions. */
interface Paragraph {
  text: string;
  facts: { term: string; description: string }[];
}

const HIDDEN = [
  // The alert itself follows these entries, as the topic delivers it.
  ...['alerted', 'alerted of an expired token', 'alerted of an incident'],
  // What the request changes has an event of its own.
  'audit',
];

const MAX_EVENTS = 20;

/**
 * Returns the latest events, the newest first. New tokens and their publication are one event.
 * @param withoutSecret the names of the connections that are only pushed
 */
export function shownEvents(
  entries: readonly Entry[],
  withoutSecret: ReadonlySet<string> = new Set(),
): ShownEvent[] {
  const publications = new Set(entries.filter(({ event }) => event === 'published').map(key));
  const issued = new Set(entries.filter(isIssue).map(key));
  const wasNotHandedOver = (entry: Entry) => issued.has(key(entry)) && !publications.has(key(entry));
  const reachOf = (entry: Entry) => {
    if (publications.has(key(entry))) return 'n8n can read it.';
    return withoutSecret.has(String(entry.connection))
      ? 'It is in no secret: n8n gets it by a push alone.'
      : 'n8n cannot read it yet.';
  };
  return entries
    .filter(
      (entry) => !HIDDEN.includes(entry.event) && !(entry.event === 'published' && issued.has(key(entry))),
    )
    .slice(-MAX_EVENTS)
    .reverse()
    .map((entry) => ({
      event: entry.event,
      at: entry.at,
      title: entry.event === 'failed' ? failedTitle(entry, wasNotHandedOver(entry)) : title(entry),
      paragraphs: paragraphs(entry, reachOf(entry)),
    }));
}

const key = ({ connection, version }: Entry) => `${connection}/${version}`;
const isIssue = ({ event }: Entry) => event === 'connected' || event === 'rotated';

const TITLES: Record<string, string> = {
  rotated: 'renewed',
  published: 'handed to n8n',
  'overlap changed': 'measured',
  repaired: 'Repaired by you',
};

function title({ event, connection, message }: Entry): string {
  if (event === 'alert') return typographic(`Alert: ${message}`);
  // The text of a fault names its connection.
  if (event === 'broken') return 'Broken by you';
  return `${connection ?? ''} ${TITLES[event] ?? event}`.trim();
}

/** Names what did not happen. Only a step counts its failures: the text of any other failure says what failed. */
function failedTitle({ connection, failures }: Entry, wasNotHandedOver: boolean): string {
  if (connection === undefined) return 'Failed';
  if (failures === undefined) return String(connection);
  return `${connection} ${wasNotHandedOver ? 'not handed to n8n' : 'not renewed'}`;
}

/** @param reach how n8n gets the tokens of the entry */
function paragraphs(entry: Entry, reach: string): Paragraph[] {
  const { event, message, text, version } = entry;
  if (event === 'alert') return alertParagraphs(typographic(String(text)));
  if (event === 'overlap changed')
    return plain(
      entry.overlap === 'yes'
        ? 'Zoom lets the earlier token live on after a renewal, so renewals may come early.'
        : 'Zoom ends the earlier token at a renewal, so renewals come late.',
    );
  if (event === 'published') return plain(`n8n can read token no. ${version}.`);
  if (isIssue(entry)) return plain(`Zoom issued token no. ${version}. ${reach}`);
  return message === undefined ? [] : plain(typographic(String(message)));
}

const plain = (text: string): Paragraph[] => [{ text, facts: [] }];

/** Splits the text of an alert. Its lines `  Term:  description` belong to the line above them. */
function alertParagraphs(text: string): Paragraph[] {
  return text.split('\n\n').map((block) => {
    const lines = block.split('\n');
    const facts = lines.flatMap((line) => {
      const [, term, description] = /^ {2}([^:]+): +(.+)$/.exec(line) ?? [];
      return term !== undefined && description !== undefined ? [{ term, description }] : [];
    });
    return { text: lines.filter((line) => !/^ {2}[^:]+: /.test(line)).join(' '), facts };
  });
}
