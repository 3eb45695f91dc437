import type { Connection, Tokens } from './connection.ts';

/** An operation of n8n's Zoom node, and the scope that Zoom's API asks of it. */
export interface N8nOperation {
  operation: string;
  /** The permission in words, for a Zoom user. */
  allows: string;
  request: string;
  /** Granular scope; a Server-to-Server app has it with `:admin`. */
  scope: string;
  /** Scope of an app from before granular scopes. */
  classicScope: string;
}

const READ_USER: N8nOperation = {
  operation: 'Credential test',
  allows: 'see your profile: name, e-mail address and account',
  request: 'GET /users/me',
  scope: 'user:read:user',
  classicScope: 'user:read',
};

/**
 * All operations of n8n's Zoom node, as docs/zoom-app.md shows them.
 * https://docs.n8n.io/integrations/builtin/app-nodes/n8n-nodes-base.zoom/
 */
export const N8N_OPERATIONS: readonly N8nOperation[] = [
  READ_USER,
  {
    operation: 'Meeting: Create',
    allows: 'create meetings',
    request: 'POST /users/me/meetings',
    scope: 'meeting:write:meeting',
    classicScope: 'meeting:write',
  },
  {
    operation: 'Meeting: Get',
    allows: 'see your meetings',
    request: 'GET /meetings/{id}',
    scope: 'meeting:read:meeting',
    classicScope: 'meeting:read',
  },
  {
    operation: 'Meeting: Get Many',
    allows: 'see your meetings',
    request: 'GET /users/me/meetings',
    scope: 'meeting:read:list_meetings',
    classicScope: 'meeting:read',
  },
  {
    operation: 'Meeting: Update',
    allows: 'change your meetings',
    request: 'PATCH /meetings/{id}',
    scope: 'meeting:update:meeting',
    classicScope: 'meeting:write',
  },
  {
    operation: 'Meeting: Delete',
    allows: 'delete your meetings',
    request: 'DELETE /meetings/{id}',
    scope: 'meeting:delete:meeting',
    classicScope: 'meeting:write',
  },
];

/**
 * Returns the attribute `scope` of a connection: of the scopes that Zoom granted, those of n8n's operations. An app may have
 * hundreds of others. Without `scope` when Zoom names none.
 */
export function grantedScope({ scope }: Pick<Tokens, 'scope'>): { scope?: string } {
  const granted = split(scope);
  if (granted.length === 0) return {};
  return { scope: granted.filter((each) => USED.has(base(each))).join(' ') };
}

/** Returns the operations that fail for a missing scope; none where it is not known what was granted. */
export function failingOperations(scope: string | undefined): N8nOperation[] {
  if (scope === undefined) return [];
  const granted = new Set(split(scope).map(base));
  return N8N_OPERATIONS.filter(
    (operation) => !granted.has(operation.scope) && !granted.has(operation.classicScope),
  );
}

/**
 * Returns what n8n may do with a Zoom account, in words for its user; all that n8n's Zoom node can do where it is not known
 * what was granted.
 */
export function permissionsInWords(scope: string | undefined): string[] {
  const failing = new Set(failingOperations(scope));
  const granted = N8N_OPERATIONS.filter((operation) => !failing.has(operation));
  return [...new Set(granted.map(({ allows }) => allows))];
}

/**
 * Returns which scopes are missing and which operations of n8n fail for it, in one text; `undefined` where nothing is missing or
 * nothing is known.
 */
export function missingScopes({
  scope,
  grantType,
}: Pick<Connection, 'scope' | 'grantType'>): string | undefined {
  const failing = failingOperations(scope);
  if (failing.length === 0) return undefined;
  const suffix = grantType === 'account_credentials' ? ':admin' : '';
  const missing = failing.map((each) => `${each.scope}${suffix} (${each.operation})`);
  return `Zoom did not grant every scope that n8n’s Zoom node uses. These operations fail without their scopes: ${missing.join(', ')}.`;
}

/** Returns whether Zoom's API may say who consented; also where it is not known what was granted. */
export const mayReadUser = (scope: string | undefined): boolean =>
  !failingOperations(scope).includes(READ_USER);

const USED = new Set(N8N_OPERATIONS.flatMap(({ scope, classicScope }) => [scope, classicScope]));

const split = (scope = ''): string[] => scope.split(/[\s,]+/).filter((each) => each !== '');

/** `:admin` and `:master` reach further than one user, and allow as much. */
const base = (scope: string): string => scope.replace(/:(admin|master)$/, '');
