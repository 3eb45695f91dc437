/** One row of figures, such as those of one size of a fleet. */
type Figures = Record<string, number | string | boolean>;

/** The outcome of a scenario. */
export interface ScenarioReport {
  scenario: string;
  /** Whether every figure is as it must be. */
  holds: boolean;
  /** Condition that must hold, in words. */
  must: string;
  rows: (Figures & { holds: boolean })[];
}

/** A course of events on the virtual clock, and what must come of it. */
export interface Scenario {
  name: string;
  must: string;
  /** @param isShort a small fleet and a short time, for `npm test` */
  run(isShort: boolean): Promise<(Figures & { holds: boolean })[]>;
}

export async function play({ name, must, run }: Scenario, isShort: boolean): Promise<ScenarioReport> {
  const rows = await run(isShort);
  return { scenario: name, holds: rows.every(({ holds }) => holds), must, rows };
}

export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const names = (count: number, prefix = 'c') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

export const round = (value: number, digits = 1) => Number(value.toFixed(digits));
