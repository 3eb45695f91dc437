import { afterAll, describe, expect, test } from '@jest/globals';
import { createCommandLine } from '../../support/cli/command-line.ts';

const commandLine = createCommandLine({});
afterAll(() => commandLine.close());

const COMMANDS = [
  [],
  ...['setup', 'connect', 'status', 'rotate', 'rotate-key', 'disconnect', 'doctor', 'n8n', 'completion'].map(
    (name) => [name],
  ),
  ...[
    ['n8n', 'link'],
    ['n8n', 'unlink'],
  ],
];

describe.each([60, 80, 200])('on a terminal of %i columns', (cols) => {
  test('the help of every command fits, and no word is broken', async () => {
    for (const command of COMMANDS) {
      const run = commandLine.onTerminal(['help', ...command], {}, { cols, rows: 100 });
      const { code } = await run.ended;
      expect({ command, code, broken: (await run.display()).broken }).toEqual({
        command,
        code: 0,
        broken: [],
      });
    }
  });
});

describe('the help', () => {
  test.each([['-h'], ['--help'], ['help']])(
    'zoom-tokens %s prints the help and exits with 0',
    async (arg) => {
      const { code, stdout } = await commandLine.run([arg]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: npx zoom-tokens \[options\] \[command\]\n/);
    },
  );

  test('zoom-tokens help n8n link prints the help of that command', async () => {
    const { stdout } = await commandLine.run(['help', 'n8n', 'link']);
    expect(stdout).toMatch(/^Usage: npx zoom-tokens n8n link /);
  });

  test('zoom-tokens help with a misspelt command suggests the right one', async () => {
    const { code, stderr } = await commandLine.run(['help', 'staus']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ Unknown command "staus"\. Did you mean "status"\?\n/);
  });

  test.each([
    ['a misspelt option', ['status', '--limt', '3'], 'status'],
    ['a missing argument', ['history'], 'history'],
    ['a missing option of a command of a command', ['n8n', 'link'], 'n8n link'],
  ])('after %s, the failure names the usage of the command', async (_, args, command) => {
    const { code, stderr } = await commandLine.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^  Print its usage: npx zoom-tokens ${command} --help$`, 'm'));
  });

  test.each([['-V'], ['--version'], ['version']])('zoom-tokens %s prints the version', async (arg) => {
    const { code, stdout } = await commandLine.run([arg]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('zoom-tokens version --json prints the version in a document', async () => {
    const { stdout } = await commandLine.run(['version', '--json']);
    expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });
});
