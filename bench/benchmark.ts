/** A benchmark: the default export of a file `bench/<name>/<name>.bench.ts`. */
export interface Benchmark {
  /** Its name in `npm run bench -- <name>`. */
  name: string;
  /**
   * @param progress receives each step, for stderr
   * @param quick    few and short runs, which only show that the benchmark works
   */
  run(progress: (step: string) => void, quick: boolean): Promise<Report>;
  /** Measures single rows: those whose label contains the text. Returns them as a Markdown table. */
  runOnly?(text: string, progress: (step: string) => void): Promise<string>;
}

export interface Report {
  /** Markdown of sections of docs/performance.md, by their names. */
  sections: Record<string, string>;
  /**
   * Ratios of two measurements of one run, which are comparable between machines. Less is better: `--check` fails for
   * one that has grown by more than a quarter.
   */
  ratios: Record<string, number>;
  /** Raw measurements, for `--json`. */
  data: unknown;
  /** SVG plots by their file name under docs/. */
  plots?: Record<string, string>;
}
