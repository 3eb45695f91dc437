import { expect, test } from '@jest/globals';
import { contentOf, type MemberToken, versionName } from '../../../../lambdas/tokens/publication/content.ts';

const token = (connection: string, more: Partial<MemberToken> = {}): MemberToken => ({
  connection,
  generation: 1,
  version: 1,
  rotatedAt: 1000,
  since: 0,
  accessToken: `token-of-${connection}`,
  ...more,
});

test('a bundle is one JSON object of connections and access tokens, sorted, and nothing else', () => {
  const { value } = contentOf([token('zoe'), token('anna'), token('ben')], 48_000);
  expect(value).toBe('{"anna":"token-of-anna","ben":"token-of-ben","zoe":"token-of-zoe"}');
});

test('the same tokens in any order have one name, and another version, generation or time another', () => {
  const { id } = contentOf([token('anna'), token('ben')], 48_000);
  expect(contentOf([token('ben'), token('anna')], 48_000).id).toBe(id);
  for (const change of [{ version: 2 }, { generation: 2 }, { rotatedAt: 2000 }])
    expect(contentOf([token('anna', change), token('ben')], 48_000).id).not.toBe(id);
  expect(contentOf([token('anna')], 48_000).id).not.toBe(id);
});

test('a content that returns after another one is another version', () => {
  const content = contentOf([token('anna')], 48_000);
  expect(versionName('sales', 1, content)).not.toBe(versionName('sales', 2, content));
  expect(versionName('sales', 1, content)).not.toBe(versionName('support', 1, content));
  expect(versionName('sales', 1, content)).toMatch(/^[0-9a-f]{64}$/);
});

test('a bundle that outgrows its size keeps its oldest members', () => {
  const tokens = [token('anna', { since: 3 }), token('ben', { since: 1 }), token('zoe', { since: 2 })];
  const two = contentOf([token('ben'), token('zoe')], 48_000).value;
  const { value, members, excess } = contentOf(tokens, Buffer.byteLength(two));
  expect(value).toBe(two);
  expect(members.map(({ connection }) => connection)).toEqual(['ben', 'zoe']);
  expect(excess.map(({ connection }) => connection)).toEqual(['anna']);
  expect(contentOf(tokens, Buffer.byteLength(two) - 1).members).toHaveLength(1);
});

test('no member that is newer than one without room is published, however short its token', () => {
  const tokens = [
    token('old', { since: 1 }),
    token('long', { since: 2, accessToken: 'x'.repeat(500) }),
    token('new', { since: 3 }),
  ];
  expect(contentOf(tokens, 200).excess.map(({ connection }) => connection)).toEqual(['long', 'new']);
});

test('bytes are counted, not characters', () => {
  const odd = token('anna', { accessToken: '"é"' });
  const { value } = contentOf([odd], 48_000);
  const bytes = Buffer.byteLength(value);
  expect(contentOf([odd], bytes).excess).toEqual([]);
  expect(contentOf([odd], bytes - 1).excess).toEqual([odd]);
});
