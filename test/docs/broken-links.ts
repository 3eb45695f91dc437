import { posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import { parsers } from 'prettier/plugins/markdown';

/** The part of a Markdown syntax tree (mdast) that links and headings need. */
interface Node {
  type: string;
  value?: string;
  url?: string;
  children?: Node[];
  position: { start: { line: number } };
}

interface Reference {
  line: number;
  target: string;
}

/**
 * Returns the references whose file or heading does not exist, each as `file:line target: reason`, in the order of the files.
 *
 * Reads links, images, link definitions and the `href` and `src` of embedded HTML in Markdown, the `href` of SVG,
 * and the names of Markdown files in everything else. Does not open addresses outside the repository.
 *
 * @param texts the text of each file of the repository, by its path from the root, with `/`; a file whose content
 *   does not matter may be empty
 */
export function brokenLinks(texts: ReadonlyMap<string, string>): string[] {
  const anchors = new Map<string, Set<string>>();
  const folders = new Set([...texts.keys()].flatMap(parents));
  const anchorsOf = (file: string) => {
    const known = anchors.get(file) ?? headingAnchors(texts.get(file) ?? '');
    anchors.set(file, known);
    return known;
  };

  const problemOf = (file: string, target: string): string | undefined => {
    if (target.startsWith('[')) return 'the reference has no definition';
    const [path = '', anchor] = decodeURI(target).split('#');
    const found = path === '' ? file : resolve(file, path);
    if (!texts.has(found)) return folders.has(found) && anchor === undefined ? undefined : 'no such file';
    if (anchor === undefined) return undefined;
    if (!found.endsWith('.md')) return 'only a Markdown file has headings';
    return anchorsOf(found).has(anchor) ? undefined : 'no such heading';
  };

  return [...texts].flatMap(([file, text]) =>
    referencesOf(file, text).flatMap(({ line, target }) => {
      const problem = problemOf(file, target);
      return problem === undefined ? [] : [`${file}:${line} ${target}: ${problem}`];
    }),
  );
}

function referencesOf(file: string, text: string): Reference[] {
  const all = file.endsWith('.md')
    ? nodesOf(text).flatMap(markdownReferences)
    : matches(text, file.endsWith('.svg') ? SVG_HREF : DOCUMENT_NAME);
  return all.filter(({ target }) => !/^([a-z][a-z+.-]*:|\/\/)/i.test(target));
}

/** Code names documents from the root: `docs/runbook.md#no-sweep`. */
const DOCUMENT_NAME = /(?<![\w./-])(?<target>\/?docs\/[\w./-]+\.md(#[\w-]+)?)/g;
const HTML_REFERENCE = /\s(?:href|src)\s*=\s*["'](?<target>[^"']+)["']/g;
/** The `#id` of an SVG's own elements is not a link. */
const SVG_HREF = /\s(?:xlink:)?href="(?<target>[^"#][^"]*)"/g;
/** CommonMark leaves a reference without a definition as it is, as text. */
const UNDEFINED_REFERENCE = /(?<target>\[[^\][]+\]\[[^\][]*\])/g;

function markdownReferences({ type, url, value = '', position: { start } }: Node): Reference[] {
  if (url !== undefined) return [{ line: start.line, target: url }];
  if (type === 'html') return matches(value, HTML_REFERENCE, start.line);
  return type === 'text' ? matches(value, UNDEFINED_REFERENCE, start.line) : [];
}

/** Returns the anchors that GitHub gives to the headings: a second heading of the same text gets `-1`. */
function headingAnchors(markdown: string): Set<string> {
  const slugger = new GithubSlugger();
  return new Set(
    nodesOf(markdown)
      .filter(({ type }) => type === 'heading')
      .map((heading) => slugger.slug(textOf(heading))),
  );
}

const textOf = ({ value, children = [] }: Node): string => value ?? children.map(textOf).join('');

/** Returns every node of the document in reading order. */
function nodesOf(markdown: string): Node[] {
  // Prettier types the tree of a parser as `any`; this parser does not read its options.
  const flatten = (node: Node): Node[] => [node, ...(node.children ?? []).flatMap(flatten)];
  return flatten(parsers.markdown.parse(markdown, {} as never));
}

function matches(text: string, pattern: RegExp, firstLine = 1): Reference[] {
  return [...text.matchAll(pattern)].map(({ index, groups }) => ({
    line: firstLine + text.slice(0, index).split('\n').length - 1,
    target: groups?.target ?? '',
  }));
}

/** Like GitHub: relative to the file, or from the root after a slash. Code names documents from the root. */
function resolve(file: string, path: string): string {
  const base = file.endsWith('.md') || file.endsWith('.svg') ? posix.dirname(file) : '.';
  return posix.join(path.startsWith('/') ? '.' : base, path).replace(/\/$/, '');
}

function parents(file: string): string[] {
  const parent = posix.dirname(file);
  return parent === '.' ? ['.'] : [parent, ...parents(parent)];
}
