type Named = Record<string, unknown>;
type Value = Record<string, unknown>;

/** The input of dynalite's parsers beside an expression. They remove what the expression uses from the unused ones. */
export interface Context {
  attrNames?: Record<string, string>;
  attrVals?: Record<string, Value>;
  unusedAttrNames: Named;
  unusedAttrVals: Named;
}

export type Parse = (expression: string, options: { context: Context }) => unknown;

/** The syntax of an expression, with `ValueName` in place of values, and the names that it uses. */
interface Known {
  syntax: unknown;
  names: string[];
  values: string[];
}

class ValueName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The expressions of which the parser reads the values themselves, and not only their types. */
const READS_VALUES = /between|attribute_type/i;

/**
 * Returns a parser that parses an expression once for all values of the same types: a table gets the same few hundred
 * expressions again and again, and dynalite spends a third of its time on them.
 */
export function parseOnce(parse: Parse): Parse {
  const known = new Map<string, Known>();
  return (expression, { context }) => {
    const { attrNames = {}, attrVals = {} } = context;
    if (READS_VALUES.test(expression)) return parse(expression, { context });
    const types = Object.entries(attrVals).map(([name, value]) => [name, ...Object.keys(value)]);
    const key = JSON.stringify([expression, attrNames, types]);
    const found = known.get(key);
    if (found) {
      for (const name of found.names) delete context.unusedAttrNames[name];
      for (const name of found.values) delete context.unusedAttrVals[name];
      return mapLeaves(found.syntax, (leaf) => (leaf instanceof ValueName ? attrVals[leaf.name] : undefined));
    }
    const unused = { unusedAttrNames: { ...attrNames }, unusedAttrVals: { ...attrVals } };
    const result = parse(expression, { context: { ...context, ...unused } });
    const isUsed = (left: Named) => (name: string) => !(name in left);
    const names = Object.keys(attrNames).filter(isUsed(unused.unusedAttrNames));
    const values = Object.keys(attrVals).filter(isUsed(unused.unusedAttrVals));
    for (const name of names) delete context.unusedAttrNames[name];
    for (const name of values) delete context.unusedAttrVals[name];
    // A string is an error.
    if (typeof result !== 'object') return result;
    const nameOf = new Map<unknown, ValueName>(
      Object.entries(attrVals).map(([name, value]) => [value, new ValueName(name)]),
    );
    known.set(key, { syntax: mapLeaves(result, (leaf) => nameOf.get(leaf)), names, values });
    return result;
  };
}

/** Copies a syntax tree, where `replace` may return something else for a part of it. */
function mapLeaves(part: unknown, replace: (part: unknown) => unknown): unknown {
  const other = replace(part);
  if (other !== undefined) return other;
  if (Array.isArray(part)) return part.map((each) => mapLeaves(each, replace));
  if (typeof part !== 'object' || part === null) return part;
  const copy = Object.create(Object.getPrototypeOf(part));
  for (const [name, each] of Object.entries(part)) copy[name] = mapLeaves(each, replace);
  return copy;
}
