import { NAME_PATTERN } from './contract.ts';
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

/** Fields whose value is such a name; any other text is left out: an operator may paste a link or a key there. */
const NAMES = new Set(['connection', 'app', 'instance']);

/** A longer text is cut. */
const MOST_CHARACTERS = 64;
/** Tokens and API keys are longer than the words of a name or an id. */
const TOKEN_LIKE = /\S{40,}/g;

/** Returns the audit line of a request: its action, what was wished, and n8n's origin; `undefined` for a read. */
export function auditEntry(request: OperatorRequest): Record<string, string | number | boolean> | undefined {
  const { action } = request;
  if (READS.has(action)) return undefined;
  const given = request as Partial<Record<string, unknown>>;
  const wishes = FIELDS.flatMap((name): [string, string | number | boolean][] => {
    const value = given[name];
    if (typeof value === 'string') return [[name, shown(name, value)]];
    return typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : [];
  });
  const origin = 'url' in request && URL.canParse(request.url) ? { origin: new URL(request.url).origin } : {};
  return { action, ...Object.fromEntries(wishes), ...origin };
}

function shown(field: string, text: string): string {
  if (NAMES.has(field)) return NAME_PATTERN.test(text) ? text : '…';
  return text.replace(TOKEN_LIKE, '…').slice(0, MOST_CHARACTERS);
}
