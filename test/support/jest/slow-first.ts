import { createRequire } from 'node:module';

// Its types describe the CommonJS module, and an import would load the other one.
const { default: TestSequencer }: typeof import('@jest/test-sequencer') = createRequire(import.meta.url)(
  '@jest/test-sequencer',
);

type Test = Parameters<InstanceType<typeof TestSequencer>['sort']>[0][number];

/** Folders whose files take longer than their size suggests, the slowest first. */
const SLOW = ['test/faults/', 'test/simulation/', 'test/browser/', 'test/model/', 'test/cli/commands/'];

/**
 * Starts the slow files first, so that no core is idle while the last one runs. Jest remembers how long each file took, but
 * not in a fresh clone, where it goes by the size of the file.
 */
export default class SlowFirst extends TestSequencer {
  override async sort(tests: Test[]): Promise<Test[]> {
    const sorted = await super.sort(tests);
    const isNew = ({ duration }: Test) => duration === undefined;
    const known = sorted.filter((test) => !isNew(test));
    return [...sorted.filter(isNew).sort((a, b) => rankOf(a) - rankOf(b)), ...known];
  }
}

function rankOf({ path }: Test): number {
  const rank = SLOW.findIndex((folder) => path.includes(`/${folder}`));
  return rank === -1 ? SLOW.length : rank;
}
