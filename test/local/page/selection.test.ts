import { expect, test } from '@jest/globals';
import { PAGE_SIZE, select } from '../../../local/page/selection.ts';

const listed = (connection: string, tone: 'good' | 'warn' | 'bad' | 'off' = 'good') => ({
  connection,
  sees: { tone, text: '' },
});

const fleet = Array.from({ length: 45 }, (_, index) => listed(`c${String(index).padStart(2, '0')}`));
const names = ({ selected }: ReturnType<typeof select>) => selected.map(({ connection }) => connection);

test('the samples come first, then what fails or runs out, then the others by name', () => {
  const connections = [listed('a'), listed('b', 'warn'), listed('c', 'bad'), listed('d', 'off')];
  const all = [...connections, listed('main'), listed('reports', 'bad')];
  expect(names(select(all, { search: '', page: 0 }))).toEqual(['main', 'reports', 'c', 'b', 'a', 'd']);
  expect(select(all, { search: '', page: 0 }).list).toMatchObject({
    total: 6,
    works: 2,
    needAttention: 1,
    fails: 2,
  });
});

test('a page has no more than its size, and the last page has the rest', () => {
  expect(names(select(fleet, { search: '', page: 0 }))).toHaveLength(PAGE_SIZE);
  expect(names(select(fleet, { search: '', page: 2 }))).toEqual(['c40', 'c41', 'c42', 'c43', 'c44']);
});

test('a page beyond the last one is the last one', () => {
  expect(select(fleet, { search: '', page: 9 }).list).toMatchObject({ page: 2, pages: 3 });
  expect(select([], { search: '', page: 9 }).list).toMatchObject({ page: 0, pages: 1, found: 0 });
});

test('a search selects by a piece of the name, and the counts stay those of all connections', () => {
  const { list, selected } = select(fleet, { search: ' c4', page: 0 });
  expect(selected).toHaveLength(5);
  expect(list).toMatchObject({ total: 45, found: 5, works: 45 });
});
