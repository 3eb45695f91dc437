import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  failingOperations,
  grantedScope,
  mayReadUser,
  N8N_OPERATIONS,
} from '../../../lambdas/tokens/n8n-scopes.ts';

const failing = (scope: string | undefined) => failingOperations(scope).map(({ operation }) => operation);
const ALL = N8N_OPERATIONS.map(({ operation }) => operation);

describe('the operations of n8n that fail', () => {
  test.each([
    ['all granular scopes', N8N_OPERATIONS.map(({ scope }) => scope).join(' '), []],
    ['the same of an admin', N8N_OPERATIONS.map(({ scope }) => `${scope}:admin`).join(' '), []],
    ['the same of a master account', N8N_OPERATIONS.map(({ scope }) => `${scope}:master`).join(' '), []],
    ['all classic scopes', 'user:read meeting:read meeting:write', []],
    ['the classic ones of an admin', 'user:read:admin meeting:read:admin meeting:write:admin', []],
    ['scopes between commas', 'user:read,meeting:read, meeting:write', []],
    [
      'a classic scope to read',
      'user:read meeting:read',
      ['Meeting: Create', 'Meeting: Update', 'Meeting: Delete'],
    ],
    [
      'a granular scope, which is no classic one',
      'user:read:user meeting:write:meeting',
      ['Meeting: Get', 'Meeting: Get Many', 'Meeting: Update', 'Meeting: Delete'],
    ],
    ['a scope of something else', 'webinar:read:webinar', ALL],
    ['a scope that only begins alike', 'user:read:users meeting:writer', ALL],
  ])('with %s', (_, scope, expected) => {
    expect(failing(scope)).toEqual(expected);
    expect(failing(grantedScope({ scope }).scope)).toEqual(expected);
  });

  test('are not known where Zoom names no scopes', () => {
    expect(failing(undefined)).toEqual([]);
    expect(grantedScope({})).toEqual({});
    expect(grantedScope({ scope: ' ' })).toEqual({});
  });
});

test('a connection keeps the scopes that n8n uses, as Zoom wrote them', () => {
  expect(grantedScope({ scope: 'chat:read user:read:user:admin webinar:write meeting:read' })).toEqual({
    scope: 'user:read:user:admin meeting:read',
  });
  expect(grantedScope({ scope: 'chat:read' })).toEqual({ scope: '' });
});

test.each([
  [undefined, true],
  ['user:read', true],
  ['user:read:user:admin', true],
  ['meeting:read', false],
  ['', false],
])('with the scopes %j, Zoom may say who consented: %j', (scope, expected) => {
  expect(mayReadUser(scope)).toBe(expected);
});

test('docs/zoom-app.md has the same table', () => {
  const page = readFileSync('docs/zoom-app.md', 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => /^\|.*`(GET|POST|PATCH|DELETE) \//.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  expect(rows.map(([, operation, request, user, server]) => [operation, request, user, server])).toEqual(
    N8N_OPERATIONS.map(({ operation, request, scope }) => [operation, request, scope, `${scope}:admin`]),
  );
});
