/** Compares two names for `sort`, by their characters whatever the language of the process. */
export const nameOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
