import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { createProgram } from '../../cli/program.ts';

const ROOT = new URL('../../', import.meta.url);
const FILES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A command, in a block or in backticks, to the end of what a shell would give the program. */
const COMMAND = /(?:npx |`)zoom-tokens(?! <command>)((?: +(?:"[^"\n]*"|<[^\s>][^>\n]*>|[^\s`|;&)"(#<>]+))*)/g;

interface Documented {
  place: string;
  args: string[];
}

function documented(): Documented[] {
  return FILES.flatMap((file) =>
    readFileSync(new URL(file, ROOT), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        [...line.matchAll(COMMAND)].map(([, rest = '']) => ({
          place: `${file}:${index + 1}`,
          args: (rest.match(/"[^"]*"|<[^>]+>|\S+/g) ?? []).map(filledIn),
        })),
      ),
  );
}

/** Replaces a placeholder such as `<connection>` by a value. */
const filledIn = (word: string) =>
  word
    .replace(/^"(.*)"$/, '$1')
    .replace(/<[^>]+>/, 'main')
    .replace(/[.,:]$/, '');

function withoutActions(command: Command): Command {
  for (const each of command.commands) withoutActions(each).action(() => {});
  return command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
}

/** Returns what commander says against the arguments; missing ones are left out, as a sentence leaves them out. */
async function problem(args: string[]): Promise<string | undefined> {
  try {
    await withoutActions(createProgram('0.0.0')).parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return /missing|help|version/i.test(code ?? '') ? undefined : message;
  }
}

test('every command of zoom-tokens that the documentation names is one that the program accepts', async () => {
  const all = documented();
  expect(all.length).toBeGreaterThan(100);
  const wrong = [];
  for (const { place, args } of all) {
    const text = await problem(args);
    if (text !== undefined) wrong.push(`${place}: ${args.join(' ')}: ${text}`);
  }
  expect(wrong).toEqual([]);
});
