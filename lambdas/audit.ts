import type { OperatorRequest } from './operator-protocol.ts';

type Action = OperatorRequest['action'];

/** Actions that change nothing and give no access. Every other one is audited. */
const READS: ReadonlySet<Action> = new Set<Action>([
  'about',
  'link-outcome',
  'links',
  'key-status',
  'status',
  'history',
  'n8n-test',
  'check',
  'probe',
]);

/** The fields that are logged. No other one can reach the log: a request may hold an API key. */
const FIELDS = [
  'connection',
  'app',
  'place',
  'preview',
  'replaceUser',
  'forMe',
  'seconds',
  'keepSeconds',
  'finish',
  'force',
  'instance',
  'credentialId',
  'credentialName',
  'externalSecret',
  'move',
];

/** A longer text is no name, and is cut. */
const MOST_CHARACTERS = 64;

/** Returns the audit line of a request: its action, what was wished, and n8n's origin; `undefined` for a read. */
export function auditEntry(request: OperatorRequest): Record<string, string | number | boolean> | undefined {
  const { action } = request;
  if (READS.has(action)) return undefined;
  const given = request as Partial<Record<string, unknown>>;
  const wishes = FIELDS.flatMap((name): [string, string | number | boolean][] => {
    const value = given[name];
    if (typeof value === 'string') return [[name, value.slice(0, MOST_CHARACTERS)]];
    return typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : [];
  });
  const origin = 'url' in request && URL.canParse(request.url) ? { origin: new URL(request.url).origin } : {};
  return { action, ...Object.fromEntries(wishes), ...origin };
}
