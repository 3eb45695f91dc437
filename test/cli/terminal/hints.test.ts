import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createHints } from '../../../cli/terminal/hints.ts';
import { createCommandLine } from '../../support/cli/command-line.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const commandLine = createCommandLine({});
afterAll(() => commandLine.close());

describe('a hint', () => {
  test('in a checkout, a hint prints npx zoom-tokens', async () => {
    const { stderr } = await commandLine.run(['staus']);
    expect(stderr).toContain('List the commands: npx zoom-tokens help.');
  });

  test('where the shell finds the program, a hint prints zoom-tokens', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'zoom-tokens-'));
    try {
      await symlink(join(ROOT, 'bin/zoom-tokens.js'), join(folder, 'zoom-tokens'));
      const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
      const { stdout } = await promisify(execFile)('zoom-tokens', ['help', 'rotate'], { env });
      expect(stdout).toMatch(/^Usage: zoom-tokens rotate/);
      expect(stdout).toMatch(/^ {2}zoom-tokens rotate main/m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a hint repeats the options that chose the installation', async () => {
    const { stderr } = await commandLine.run(['rotate', '--profile', 'my profile', '--name', 'other']);
    expect(stderr).toContain("npx zoom-tokens --profile 'my profile' --name other rotate --help");
  });

  test.each(['CORP\\user', 'my "own" profile'])(
    'a hint in JSON repeats the profile %s, and the document stays valid',
    async (profile) => {
      const { stdout } = await commandLine.run(['rotate', '--profile', profile, '--json']);
      expect(JSON.parse(stdout).error.action).toBe(
        `Print its usage: npx zoom-tokens --profile '${profile}' rotate --help`,
      );
    },
  );

  test.each([
    ['Run zoom-tokens connect main.', 'Run npx zoom-tokens --region eu-west-1 connect main.'],
    ['Run: npx zoom-tokens <command> --help', 'Run: npx zoom-tokens --region eu-west-1 <command> --help'],
    [
      'Next: \x1b[1mnpx zoom-tokens connect main\x1b[22m',
      'Next: \x1b[1mnpx zoom-tokens --region eu-west-1 connect main\x1b[22m',
    ],
    [
      'Run: aws logs tail /aws/lambda/zoom-operator --since 10m',
      'Run: aws --region eu-west-1 logs tail /aws/lambda/zoom-operator --since 10m',
    ],
    [
      'With their credentials, aws sts get-caller-identity.',
      'With their credentials, aws sts get-caller-identity.',
    ],
    ['Sign in: aws sso login --profile ops', 'Sign in: aws sso login --profile ops'],
    ['zoom-tokens-workflow.json and zoom-tokens.', 'zoom-tokens-workflow.json and zoom-tokens.'],
  ])('the text %j becomes %j', (text, hint) => {
    expect(createHints({ region: 'eu-west-1' })(text)).toBe(hint);
  });
});
