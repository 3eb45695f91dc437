import { dirname, join } from 'node:path/posix';

/** Imported files by importing file, of all files in the graph. Paths are relative to one root, with `/`. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

// Type-only imports count too: a reader follows them like any other.
const IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** Returns the graph of these sources, by path. A relative import of a file that is not among them is left out. */
export function importGraph(sources: ReadonlyMap<string, string>): ImportGraph {
  return new Map(
    [...sources].map(([file, source]) => {
      const imported = [...source.matchAll(IMPORT)].map(([, path = '']) => join(dirname(file), path));
      return [file, new Set(imported.filter((path) => path !== file && sources.has(path)))];
    }),
  );
}

/** Returns the part of the graph between the files that `isIncluded`. */
export function subgraph(graph: ImportGraph, isIncluded: (file: string) => boolean): ImportGraph {
  return new Map(
    [...graph]
      .filter(([file]) => isIncluded(file))
      .map(([file, imported]) => [file, new Set([...imported].filter(isIncluded))]),
  );
}

/** Returns the circles: each the files of one strongly connected component, sorted. */
export const circles = (graph: ImportGraph): string[][] =>
  components(graph).filter(({ length }) => length > 1);

/** Returns the files of the longest chain of imports. The files of a circle count as one. */
export function levels(graph: ImportGraph): number {
  const level = new Map<string, number>();
  for (const component of components(graph)) {
    const imported = component.flatMap((file) => [...(graph.get(file) ?? [])]);
    const below = Math.max(0, ...imported.map((file) => level.get(file) ?? 0));
    for (const file of component) level.set(file, below + 1);
  }
  return Math.max(0, ...level.values());
}

/**
 * Returns the strongly connected components, each after those that it imports.
 * https://en.wikipedia.org/wiki/Tarjan%27s_strongly_connected_components_algorithm
 */
function components(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];

  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.size - 1);
    stack.push(file);
    for (const imported of graph.get(file) ?? []) {
      if (!index.has(imported)) visit(imported);
      if (!stack.includes(imported)) continue;
      low.set(file, Math.min(low.get(file) as number, low.get(imported) as number));
    }
    if (low.get(file) !== index.get(file)) return;
    found.push(stack.splice(stack.indexOf(file)).toSorted());
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}
