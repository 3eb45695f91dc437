/** One thing that is measured: a file `bench/<name>/<name>.bench.ts` whose default export is one of these. */
export interface Benchmark {
  /** As in `npm run bench -- <name>`, and of its sections in docs/performance.md. */
  name: string;
  /**
   * @param say tells on stderr how far it is
   * @param quick few and short runs, to see that it works: the numbers say little
   */
  run(say: (progress: string) => void, quick: boolean): Promise<Report>;
}

export interface Report {
  /** Sections of docs/performance.md by their names: Markdown. */
  sections: Record<string, string>;
  /**
   * What may be compared from machine to machine, because both halves were measured in one run. Less is better:
   * `--check` fails where one has grown by more than a quarter.
   */
  ratios: Record<string, number>;
  /** Whatever else is worth keeping, for `--json`. */
  data: unknown;
  /** SVG by its file's name under docs/. */
  plots?: Record<string, string>;
}
