/** Returns what a person types in a POSIX shell for a value: in quotes, where it needs them. */
export const quote = (value: string): string =>
  /^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
