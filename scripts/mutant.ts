/** A semantic change of one file, which the named tests have to notice. */
export interface Mutant {
  /** Such as `lambdas/tokens/schedule.ts`. */
  file: string;
  /** Fault of the changed program, in words. */
  what: string;
  /** A text that stands once in the file. */
  from: string;
  to: string;
  /** Patterns of test files, as Jest takes them. */
  tests: string[];
  /** Patterns of further test files, stage after stage. Each runs where the tests before notice nothing. */
  wider?: string[][];
  /** The offset of `from`, where the text stands more than once. */
  at?: number;
}

/** Returns the file's text with the change, `undefined` where the mutant does not fit it any more. */
export function mutate(source: string, { from, to, at }: Mutant): string | undefined {
  const start = at ?? source.indexOf(from);
  if (!source.startsWith(from, start) || start < 0) return undefined;
  if (at === undefined && source.includes(from, start + 1)) return undefined;
  return source.slice(0, start) + to + source.slice(start + from.length);
}
