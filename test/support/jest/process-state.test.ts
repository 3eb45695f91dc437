import { isContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { rememberProcess } from './process-state.ts';

test('a test file runs in the main context', () => {
  expect(isContext(globalThis)).toBe(false);
});

test('what a test file changes in the process is undone', () => {
  const { fetch } = globalThis;
  const { HOME } = process.env;
  const undo = rememberProcess();
  process.env.HOME = '/nowhere';
  process.env.ONLY_HERE = 'yes';
  process.exitCode = 3;
  process.getBuiltinModule = () => undefined as never;
  globalThis.fetch = async () => new Response();
  undo();
  expect(process.env.HOME).toBe(HOME);
  expect(process.env).not.toHaveProperty('ONLY_HERE');
  expect(process.exitCode).toBeUndefined();
  expect(process.getBuiltinModule('node:fs')).toHaveProperty('readFile');
  expect(globalThis.fetch).toBe(fetch);
});
