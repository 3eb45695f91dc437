import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandLine } from '../../../support/cli/command-line.ts';

const ROOT = new URL('../../../..', import.meta.url).pathname;
const commandLine = createCommandLine({});
afterAll(() => commandLine.close());

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zoom-tokens-'));
  await symlink(join(ROOT, 'bin/zoom-tokens.js'), join(folder, 'zoom-tokens'));
});
afterAll(() => rm(folder, { recursive: true }));

const environment = () => ({ ...process.env, PATH: `${folder}:${process.env.PATH}` });

/** For each shell, a script that prints what it offers for the words in `$@`, one a line. */
const DRIVERS = {
  bash: `source <(zoom-tokens completion bash)
COMP_WORDS=(zoom-tokens "$@") COMP_CWORD=$#
_zoom_tokens
printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: `compdef() { :; }
_files() { :; }
_describe() { print -l -- "\${(@)candidates%%:*}" }
source <(zoom-tokens completion zsh)
words=(zoom-tokens "$@") CURRENT=$#words
_zoom_tokens`,
  fish: `zoom-tokens completion fish | source
complete --do-complete "zoom-tokens $argv" | string replace --regex '\\t.*' ''
true`,
};

const isInstalled = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe.each(Object.entries(DRIVERS).filter(([shell]) => isInstalled(shell)))('in %s', (shell, driver) => {
  const offers = async (...words: string[]): Promise<string[]> => {
    const script = join(folder, `driver.${shell}`);
    await writeFile(script, driver);
    const { stdout } = await promisify(execFile)(shell, [script, ...words], { env: environment() });
    return stdout.split('\n').filter(Boolean);
  };

  test.each([
    [['st'], ['status']],
    [['n8n', 'li'], ['link']],
    [
      ['--profile', 'mine', 'rot'],
      ['rotate', 'rotate-key'],
    ],
    [['--profile', 'ro'], []],
    [['status', '--wa'], ['--watch']],
    [['status', '--pro'], ['--profile']],
    [
      ['setup', '--grant', ''],
      ['user', 's2s'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('the shell completes %j to %j', async (words, expected) => {
    expect(await offers(...words)).toEqual(expected);
  });

  test('the completion runs nothing that stands on the command line', async () => {
    const file = join(folder, 'made-by-completion');
    await offers(`$(touch ${file})`);
    expect(existsSync(file)).toBe(false);
  });
});

test('zoom-tokens completion of an unknown shell is wrong usage', async () => {
  const { code, stderr } = await commandLine.run(['completion', 'csh']);
  expect(code).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
