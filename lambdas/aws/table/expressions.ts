/** Returns the assignments of a `SET`: each value goes to the attribute of its name. */
export const assignments = (values: object): string =>
  Object.keys(values)
    .map((name) => `#${name} = :${name}`)
    .join(', ');

/** Returns attributes for a `REMOVE`. */
export const attributes = (names: readonly string[]): string => names.map((name) => `#${name}`).join(', ');
