import { expect, test } from '@jest/globals';
import { bundleFindings } from '../../../../cli/commands/doctor/bundles.ts';
import { notesOf } from '../../../../cli/commands/status/list.ts';
import { formatOne } from '../../../../cli/commands/status/one.ts';
import type { BundleRoom } from '../../../../lambdas/operator-protocol.ts';

const room = (changed: Partial<BundleRoom> = {}): BundleRoom => ({
  ...{ bundle: 'sales', members: 50, bytes: 47_900, mostBytes: 48_000, hasRoom: false, newest: 'zoe' },
  ...changed,
});
const roomy = (bundle: string) => room({ bundle, members: 1, bytes: 912, hasRoom: true });
const outgrown = room({ excess: ['yan', 'zoe'] });

const FULL =
  'The bundle "sales" (47,900 of 48,000 bytes, 50 members) has no room for another connection. If its tokens grow, zoe drops out of it first.';
const OUTGROWN =
  'The bundle "sales" has outgrown its 48,000 bytes: its tokens have grown, or "bundleBytes" is lower. n8n cannot read yan, zoe in it.';

test('doctor says nothing of bundles where there are none, and lists those with room', () => {
  expect(bundleFindings([])).toEqual([]);
  expect(bundleFindings(['ads', 'sales'].map(roomy))).toEqual([
    {
      check: 'bundles',
      state: 'well',
      message:
        'Room for more connections: "ads" (912 of 48,000 bytes, 1 member), "sales" (912 of 48,000 bytes, 1 member).',
    },
  ]);
  const many = Array.from({ length: 7 }, (_, number) => roomy(`team_${number}`));
  expect(bundleFindings(many)[0]?.message).toMatch(/"team_4" \(.*\) and 2 more bundles\.$/);
});

test('doctor warns of a bundle without room for another connection, and says what to run', () => {
  expect(bundleFindings([room()])).toEqual([
    {
      check: 'bundles',
      state: 'note',
      message: FULL,
      action: expect.stringContaining('To make room in "sales": npx zoom-tokens bundle zoe <bundle>'),
    },
  ]);
});

test('doctor reports a bundle that has outgrown its size as a problem, with the members to move', () => {
  expect(bundleFindings([outgrown, roomy('ads')])).toMatchObject([
    { state: 'well' },
    {
      check: 'bundles',
      state: 'wrong',
      message: OUTGROWN,
      action: expect.stringContaining('npx zoom-tokens bundle yan <bundle>, or --none'),
    },
  ]);
});

test('status says it too, of one connection and below a list', () => {
  const page = { now: 0, connections: [], bundles: [room(), outgrown] };
  for (const text of [formatOne(page), notesOf(page).join('\n')]) {
    expect(text).toContain(`! ${FULL}\n`);
    expect(text).toContain(`✖ ${OUTGROWN}\n`);
  }
});
