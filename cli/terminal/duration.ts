const UNITS: Record<string, number> = { m: 60, h: 60 * 60, d: 24 * 60 * 60 };

/** Returns the seconds of a duration such as `45m`, `12h` or `3d`; `undefined` for another text. */
export function parseDuration(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,9})([mhd])$/.exec(text) ?? [];
  const seconds = Number(amount) * (UNITS[unit] ?? 0);
  return seconds > 0 ? seconds : undefined;
}
