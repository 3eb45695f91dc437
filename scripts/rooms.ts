import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { parseArgs } from 'node:util';
import { circles, type ImportGraph, importGraph, levels, subgraph } from './import-graph.ts';

// `npm run rooms` prints how the folders of the repository import each other, as a Markdown table.
// `npm run rooms -- --rev <revision>` does the same for another revision of the repository.

const ROOT = join(import.meta.dirname, '..');
/** A file belongs to the room with the longest matching path. */
const ROOMS = [
  'bin',
  'cli',
  'lambdas',
  'lambdas/web',
  'lambdas/aws',
  'lambdas/tokens',
  'lib',
  'local',
  'bench',
  'scripts',
  'test',
];

const { rev } = parseArgs({ options: { rev: { type: 'string' } } }).values;
const graph = importGraph(rev === undefined ? readSources(ROOT) : sourcesOf(rev));
const rows = ROOMS.map((room) => row(room, graph, (file) => roomOf(file) === room));
print(table([...rows, row('all', graph, () => true)]));
for (const circle of circles(graph)) print(`\nCircle: ${circle.join(', ')}`);

function row(room: string, graph: ImportGraph, isInside: (file: string) => boolean): (string | number)[] {
  const inside = subgraph(graph, isInside);
  const files = [...inside.keys()];
  const folders = Object.values(Object.groupBy(files, dirname)).map((group) => group?.length ?? 0);
  const between = files.flatMap((file) =>
    [...(graph.get(file) ?? [])].filter((imported) => roomOf(imported) !== roomOf(file)),
  );
  return [
    room,
    files.length,
    folders.length,
    Math.max(0, ...folders),
    count(inside),
    between.length,
    levels(inside),
    circles(inside).length,
  ];
}

function table(rows: (string | number)[][]): string {
  const head = [
    'room',
    'files',
    'folders',
    'files in the largest folder',
    'imports inside',
    'imports of other rooms',
    'levels',
    'circles',
  ];
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

function count(graph: ImportGraph): number {
  return [...graph.values()].reduce((sum, imported) => sum + imported.size, 0);
}

function roomOf(file: string): string | undefined {
  return ROOMS.findLast((room) => file.startsWith(`${room}/`));
}

function readSources(root: string): Map<string, string> {
  const folders = ROOMS.filter((room) => !room.includes('/'));
  const files = globSync(`{${folders.join(',')}}/**/*.{ts,js}`, { cwd: root }).toSorted();
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]));
}

function sourcesOf(revision: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'rooms-'));
  try {
    const archive = execFileSync('git', ['archive', '--format=tar', revision], {
      cwd: ROOT,
      maxBuffer: 2 ** 30,
    });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    return readSources(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
