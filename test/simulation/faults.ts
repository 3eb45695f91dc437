/** Returns a generator of random numbers, 0 ≤ x < 1, from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Window {
  from: number;
  to: number;
}

/** How often each fault happens. */
export interface FaultRates {
  /** Mean days from one outage to the next of each service. */
  outageEveryDays: number;
  /** Shares of all calls. */
  lostResponses: number;
  failedCalls: number;
  kills: number;
  /** Share of all sweeps that are delivered twice. */
  duplicates: number;
  deployEveryDays: number;
}

/** Much worse than the real services. */
export const ROUGH: FaultRates = {
  outageEveryDays: 4,
  lostResponses: 1 / 10_000,
  failedCalls: 1 / 1_000,
  kills: 1 / 20_000,
  duplicates: 1 / 50,
  deployEveryDays: 3,
};

export const CALM: FaultRates = {
  outageEveryDays: Infinity,
  lostResponses: 0,
  failedCalls: 0,
  kills: 0,
  duplicates: 0,
  deployEveryDays: Infinity,
};

/** Draws outages of two minutes to four hours, most of them short. */
export function outages(start: number, end: number, everyDays: number, random: () => number): Window[] {
  const windows: Window[] = [];
  if (everyDays === Infinity) return windows;
  for (let at = start; ; ) {
    at += -Math.log(1 - random()) * everyDays * 86_400;
    if (at >= end) return windows;
    const to = at + 120 * 120 ** random();
    windows.push({ from: at, to });
    at = to;
  }
}

export const isWithin = (windows: Window[], time: number) =>
  windows.some(({ from, to }) => from <= time && time < to);

/** Prolongs each window by `after` seconds and joins those that overlap. */
export function merge(windows: Window[], after: number): Window[] {
  const merged: Window[] = [];
  for (const { from, to } of windows.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to + after);
    else merged.push({ from, to: to + after });
  }
  return merged;
}
