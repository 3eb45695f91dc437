import '../../local/silence-powertools.ts';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { draw, record } from './lanes.ts';

test('the recorded picture shows what the local stack does: otherwise run npm run pictures', async () => {
  const columns = await record();
  expect(columns.every(({ withUs }) => withUs === 200)).toBe(true);
  expect(columns.map(({ withoutUs }) => withoutUs)).toEqual([
    ...Array(11).fill(200),
    ...Array(columns.length - 11).fill(401),
  ]);
  const committed = readFileSync(
    new URL('../../docs/pictures/with-and-without.svg', import.meta.url),
    'utf8',
  );
  expect(draw(columns)).toBe(committed);
});
