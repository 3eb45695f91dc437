/** The attributes of an item, and the values of an expression by their names without the colon. */
type Attributes = Record<string, unknown>;
type Condition = (item: Attributes, values: Attributes) => boolean;
type Operand = (item: Attributes, values: Attributes) => unknown;

const TOKEN = /\s*(#\w+(?:\.#\w+)*|:\w+|\w+|<=|>=|<>|[=<>(),])/y;

/** Separates an expression into names, values, words and signs. */
function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (expression.slice(TOKEN.lastIndex).trim() !== '') {
    const [, token] = TOKEN.exec(expression) ?? [];
    if (token === undefined) throw new Error(`not an expression of DynamoDB: ${expression}`);
    tokens.push(token);
  }
  return tokens;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Bytes are equal when they are the same bytes. */
const isEqual = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : a === b;

/** Two values of different types are in no order. */
function inOrder(a: unknown, b: unknown, holds: (difference: number) => boolean): boolean {
  if (typeof a === 'number' && typeof b === 'number') return holds(a - b);
  return isText(a) && isText(b) && holds(a < b ? -1 : Number(a > b));
}

const COMPARISONS: Record<string, (a: unknown, b: unknown) => boolean> = {
  '=': (a, b) => a !== undefined && isEqual(a, b),
  '<>': (a, b) => !isEqual(a, b),
  '<': (a, b) => inOrder(a, b, (difference) => difference < 0),
  '<=': (a, b) => inOrder(a, b, (difference) => difference <= 0),
  '>': (a, b) => inOrder(a, b, (difference) => difference > 0),
  '>=': (a, b) => inOrder(a, b, (difference) => difference >= 0),
};

/** Returns what a name (`#claim.#owner`) or a value (`:now`) stands for. */
function operandOf(token: string): Operand {
  if (token.startsWith(':')) {
    const name = token.slice(1);
    return (_, values) => {
      if (values[name] === undefined) throw new Error(`the value ${token} is missing`);
      return values[name];
    };
  }
  const path = token.split('.').map((name) => name.slice(1));
  return (item) => path.reduce<unknown>((value, name) => (value as Attributes | undefined)?.[name], item);
}

/** Reads a condition: `OR` binds less than `AND`, and that less than `NOT`. */
class ConditionReader {
  readonly #tokens: string[];

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  any(): Condition {
    const parts = [this.#all()];
    while (this.#takes('OR')) parts.push(this.#all());
    return (item, values) => parts.some((holds) => holds(item, values));
  }

  #all(): Condition {
    const parts = [this.#one()];
    while (this.#takes('AND')) parts.push(this.#one());
    return (item, values) => parts.every((holds) => holds(item, values));
  }

  #one(): Condition {
    if (this.#takes('NOT')) {
      const holds = this.#one();
      return (item, values) => !holds(item, values);
    }
    if (this.#takes('(')) return this.#closed(this.any());
    const token = this.#next();
    if (token.startsWith('attribute_')) {
      this.#expect('(');
      const operand = this.#closed(operandOf(this.#next()));
      const isWanted = token === 'attribute_exists';
      return (item, values) => (operand(item, values) !== undefined) === isWanted;
    }
    const left = operandOf(token);
    const sign = this.#next();
    if (sign === 'IN') return this.#oneOf(left);
    const compare = COMPARISONS[sign];
    if (!compare) throw new Error(`not a comparison: ${sign}`);
    const right = operandOf(this.#next());
    return (item, values) => compare(left(item, values), right(item, values));
  }

  #oneOf(left: Operand): Condition {
    this.#expect('(');
    const values = [operandOf(this.#next())];
    while (this.#takes(',')) values.push(operandOf(this.#next()));
    return this.#closed((item, given) => values.some((value) => value(item, given) === left(item, given)));
  }

  #closed<T>(read: T): T {
    this.#expect(')');
    return read;
  }

  #takes(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) throw new Error(`expected ${token} before ${this.#tokens.join(' ')}`);
  }

  #next(): string {
    const token = this.#tokens.shift();
    if (token === undefined) throw new Error('the condition ends too early');
    return token;
  }
}

const conditions = new Map<string, Condition>();

/** Returns whether an item fulfils a condition, as DynamoDB judges it. */
export function fulfils(item: Attributes, condition: string, values: Attributes): boolean {
  const known = conditions.get(condition);
  const holds = known ?? new ConditionReader(tokensOf(condition)).any();
  if (!known) conditions.set(condition, holds);
  return holds(item, values);
}

type Change = (changed: Attributes, item: Attributes, values: Attributes) => void;

const updates = new Map<string, Change[]>();

/** Returns an item after an update with `SET`, `REMOVE` and `ADD`. */
export function updated(item: Attributes, expression: string, values: Attributes): Attributes {
  const changes = updates.get(expression) ?? changesOf(expression);
  updates.set(expression, changes);
  const changed = { ...item };
  for (const change of changes) change(changed, item, values);
  return changed;
}

function changesOf(expression: string): Change[] {
  const clauses = expression.split(/\b(SET|REMOVE|ADD)\s/).slice(1);
  return clauses.flatMap((clause, at) => {
    if (at % 2 === 1) return [];
    return (clauses[at + 1] ?? '').split(/,(?![^(]*\))/).map((part) => changeOf(clause, part));
  });
}

function changeOf(clause: string, part: string): Change {
  const [, name = '', rest = ''] = /^\s*#(\w+)(.*?)\s*$/s.exec(part) ?? [];
  if (name === '') throw new Error(`not an update of DynamoDB: ${part}`);
  if (clause === 'REMOVE') return (changed) => delete changed[name];
  if (clause === 'ADD') {
    const added = operandOf(rest.trim());
    return (changed, item, values) => {
      changed[name] = Number(item[name] ?? 0) + Number(added(item, values));
    };
  }
  const [, path, value = ''] = /^\s*=\s*(?:if_not_exists\(#(\w+),\s*)?(:\w+)\)?$/.exec(rest) ?? [];
  const assigned = operandOf(value);
  return (changed, item, values) => {
    changed[name] = (path === undefined ? undefined : item[path]) ?? assigned(item, values);
  };
}
