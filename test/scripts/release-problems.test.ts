import { expect, test } from '@jest/globals';
import { releaseProblems } from '../../scripts/release-problems.ts';

const READY = {
  version: '0.1.0',
  changelog: '# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-11-26\n\n### Added\n\n- All of it.\n',
  branch: 'main',
  changes: '',
  tags: [''],
};

test('a clean commit of main with a dated section can be released', () => {
  expect(releaseProblems(READY)).toEqual([]);
});

test.each<[string, Partial<typeof READY>, RegExp]>([
  ['another branch', { branch: 'fix' }, /The branch is "fix"/],
  ['uncommitted changes', { changes: ' M README.md' }, /uncommitted changes/],
  ['an existing tag', { tags: ['v0.1.0'] }, /The tag v0\.1\.0 exists/],
  ['another version', { version: '0.2.0' }, /no section of 0\.2\.0 with a date/],
  [
    'a section without a date',
    { changelog: '## [Unreleased]\n\n## [0.1.0]\n\n- All.\n' },
    /no section of 0\.1\.0 with a date/,
  ],
  [
    'an empty section',
    { changelog: '## [Unreleased]\n\n## [0.1.0] - 2026-11-26\n' },
    /says nothing about 0\.1\.0/,
  ],
  [
    'unreleased entries',
    { changelog: '## [Unreleased]\n\n- New.\n\n## [0.1.0] - 2026-11-26\n\n- All.\n' },
    /has unreleased entries/,
  ],
])('%s cannot be released', (_, change, problem) => {
  expect(releaseProblems({ ...READY, ...change })).toEqual([expect.stringMatching(problem)]);
});
