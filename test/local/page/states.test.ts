import { expect, test } from '@jest/globals';
import { pauseAfter } from '../../../local/page/states.ts';

test.each([
  ['a quick one', 2, 100],
  ['one that kept the functions waiting', 400, 1200],
  ['one that took very long', 22_000, 3000],
])(
  'after %s, the next state is made in time, and leaves most of the time to the functions',
  (_, took, pause) => {
    expect(pauseAfter(took)).toBe(pause);
  },
);
