import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { brokenLinks } from './broken-links.ts';

const ROOT = join(import.meta.dirname, '../..');
const READ = new Set(['.js', '.json', '.md', '.svg', '.ts', '.yml']);
// This file names documents that do not exist.
const THIS_FILE = 'test/docs/links.test.ts';

test('every link in the documentation and every document that the code names has its file and heading', () => {
  const texts = repository();
  expect(texts.has('README.md')).toBe(true);
  expect(brokenLinks(texts)).toEqual([]);
});

test('a link to a file that does not exist is reported with its file and line', () => {
  expect(broken('# Title\n\nSee [this](missing.md) and [that](../lib).')).toEqual([
    'docs/page.md:3 missing.md: no such file',
  ]);
});

test('a link to a heading must use the anchor that GitHub gives to it', () => {
  const headings = '# What is `n8n`?\n\n## Cost & time\n\n## Again\n\n## Again\n';
  const links = (anchors: string[]) => anchors.map((anchor) => `[x](#${anchor})`).join('\n');
  expect(broken(headings + links(['what-is-n8n', 'cost--time', 'again', 'again-1']))).toEqual([]);
  expect(broken(headings + links(['cost-and-time', 'again-2', 'Again']))).toEqual([
    'docs/page.md:8 #cost-and-time: no such heading',
    'docs/page.md:9 #again-2: no such heading',
    'docs/page.md:10 #Again: no such heading',
  ]);
});

test('a link into another file is checked for its heading, and a line of code is not a heading', () => {
  expect(broken('[a](../README.md#use) [b](/README.md#usage) [c](../lib/stack.ts#L10)')).toEqual([
    'docs/page.md:1 ../README.md#use: no such heading',
    'docs/page.md:1 ../lib/stack.ts#L10: only a Markdown file has headings',
  ]);
});

test('images, link definitions and HTML are checked as links are', () => {
  expect(broken('![a](a.svg)\n\n<img\n  src="b.svg">\n\n[c][c], [d][d]\n\n[c]: c.md\n[e]: flow.svg')).toEqual(
    [
      'docs/page.md:1 a.svg: no such file',
      'docs/page.md:4 b.svg: no such file',
      'docs/page.md:6 [d][d]: the reference has no definition',
      'docs/page.md:8 c.md: no such file',
    ],
  );
});

test('a document that the code names must exist, with its heading', () => {
  const source = "say('See docs/page.md#title and docs/page.md#gone.'); // docs/gone.md";
  expect(brokenLinks(new Map([...EXAMPLE, ['docs/page.md', '# Title'], ['lib/stack.ts', source]]))).toEqual([
    'lib/stack.ts:1 docs/page.md#gone: no such heading',
    'lib/stack.ts:1 docs/gone.md: no such file',
  ]);
});

test('a file that an SVG image refers to must exist', () => {
  const svg = '<svg>\n<use href="#arrow"/>\n<image href="gone.png"/></svg>';
  expect(brokenLinks(new Map([['docs/flow.svg', svg]]))).toEqual(['docs/flow.svg:3 gone.png: no such file']);
});

test('code samples and addresses outside the repository are not checked', () => {
  expect(
    broken(
      '`[a](gone.md)`\n\n```md\n[b](gone.md)\n```\n\n[c](https://example.com/gone.md) <mailto:a@b.example>',
    ),
  ).toEqual([]);
});

const EXAMPLE: [path: string, text: string][] = [
  ['README.md', '# Usage'],
  ['docs/flow.svg', '<svg/>'],
  ['lib/stack.ts', ''],
];

/** Checks a page beside the files of the example. */
const broken = (page: string) => brokenLinks(new Map([...EXAMPLE, ['docs/page.md', page]]));

/** Returns every file that is, or is about to be, under version control; the text of those that can hold links. */
function repository(): Map<string, string> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean);
  const read = (file: string) => {
    const text = READ.has(extname(file)) && file !== 'package-lock.json' && file !== THIS_FILE;
    return text ? readFileSync(join(ROOT, file), 'utf8') : '';
  };
  return new Map(files.filter((file) => existsSync(join(ROOT, file))).map((file) => [file, read(file)]));
}
