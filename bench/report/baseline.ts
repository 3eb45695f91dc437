/** Ratios by their names. */
export type Ratios = Record<string, number>;

/** Share by which a ratio may grow before it counts as a regression. */
const TOLERANCE = 0.25;

/** Returns a sentence for each ratio that has grown too much, or is not in the baseline. */
export function regressionsOf(measured: Record<string, Ratios>, baseline: Record<string, Ratios>): string[] {
  return Object.entries(measured).flatMap(([benchmark, ratios]) =>
    Object.entries(ratios).flatMap(([of, ratio]) => {
      const before = baseline[benchmark]?.[of];
      if (before === undefined)
        return [`${benchmark}: "${of}" is not in bench/baseline.json. Add it with --update.`];
      if (ratio <= before * (1 + TOLERANCE)) return [];
      return [`${benchmark}: "${of}" was ${before} and is ${Number(ratio.toPrecision(3))}.`];
    }),
  );
}
