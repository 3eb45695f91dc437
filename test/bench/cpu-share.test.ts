import { expect, test } from '@jest/globals';
import { cpuShareOf } from '../../bench/functions/cpu-share.ts';

test('Lambda gives a function a core for 1,769 MB, and less than that in proportion', () => {
  expect([512, 1024].map((megabytes) => Number(cpuShareOf(megabytes).toFixed(2)))).toEqual([0.29, 0.58]);
  expect([1769, 3008].map(cpuShareOf)).toEqual([1, 1]);
});
