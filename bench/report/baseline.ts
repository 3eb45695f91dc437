/** A ratio by what it is of. */
export type Ratios = Record<string, number>;

/** A ratio may grow by this share before it is a regression. */
const TOLERANCE = 0.25;

/** A sentence for each ratio that has grown too much, or that nobody has kept. */
export function check(measured: Record<string, Ratios>, kept: Record<string, Ratios>): string[] {
  return Object.entries(measured).flatMap(([benchmark, ratios]) =>
    Object.entries(ratios).flatMap(([of, ratio]) => {
      const before = kept[benchmark]?.[of];
      if (before === undefined) return [`${benchmark}: "${of}" is not in bench/baseline.json; see --update.`];
      if (ratio <= before * (1 + TOLERANCE)) return [];
      return [`${benchmark}: "${of}" was ${before} and is ${Number(ratio.toPrecision(3))}.`];
    }),
  );
}
