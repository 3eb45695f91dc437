/** Runs a function when its turn comes. */
type Limit = (run: () => Promise<void>) => Promise<void>;

/** Returns a function that runs at most `most` functions at a time, in the order of the calls. */
export function limitConcurrency(most: number): Limit {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
