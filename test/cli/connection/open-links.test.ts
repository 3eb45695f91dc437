import { expect, test } from '@jest/globals';
import { formatOpenLinks } from '../../../cli/connection/open-links.ts';
import type { OpenLink } from '../../../lambdas/operator-protocol.ts';

const NOW = 1_900_000_000;
const links = (count: number): OpenLink[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ id: `${index}`, connection: `c${index}`, app: 'default', state: 'waiting' as const },
    ...{ createdAt: NOW, expiresAt: NOW + 3600, forMe: false, replaceUser: false },
  }));

test.each([
  [20, []],
  [21, ['  1 more. List all with --json.']],
  [300, ['  280 more. List all with --json.']],
])('of %i links that wait, twenty are shown, and the others counted', (count, more) => {
  const lines = formatOpenLinks(links(count), NOW).split('\n');
  expect(lines).toHaveLength(1 + 20 + more.length);
  expect(lines.slice(21)).toEqual(more);
});
