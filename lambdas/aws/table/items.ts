export type Values = Record<string, string | number | object | null | undefined>;
export type Item = Record<string, unknown>;

/** The table's items, which are not all connections: what its parts read and write them with. */
export interface Items {
  /** Strongly consistent. */
  get(key: string): Promise<Item | undefined>;
  /** `undefined` when the condition did not hold. In the expressions every attribute is written `#name`. */
  update(key: string, set: string, values: Values, condition?: string): Promise<Item | undefined>;
}

/** Of a `SET`: each value goes to the attribute of its name. */
export const assignments = (values: object): string =>
  Object.keys(values)
    .map((name) => `#${name} = :${name}`)
    .join(', ');
