import { isHttpsOrLoopback } from '../../lambdas/contract.ts';

/** How a setting is read and checked. */
export interface Rule<T> {
  /** Completes "… must be". */
  readonly expects: string;
  /** Returns the setting, or `undefined` for an invalid value. */
  read(value: unknown): T | undefined;
}

// `cdk -c key=value` passes every value as text, so rules accept numbers, booleans and lists as text too.

export function text(pattern: RegExp, expects: string): Rule<string> {
  return { expects, read: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined) };
}

/** Returns the rule without one of its values. */
export function except<T>(excluded: T, rule: Rule<T>): Rule<T> {
  return {
    expects: rule.expects,
    read(value) {
      const read = rule.read(value);
      return read === excluded ? undefined : read;
    },
  };
}

export function oneOf<T extends string>(...choices: T[]): Rule<T> {
  return {
    expects: choices.map((choice) => JSON.stringify(choice)).join(' or '),
    read: (value) => choices.find((choice) => choice === value),
  };
}

/** @param why explains the limits, such as `(because …)` */
export function whole(least: number, most: number, why = ''): Rule<number> {
  const expects = `a whole number from ${least} to ${most}${why && ` ${why}`}`;
  return numberThat((value) => value >= least && value <= most, expects);
}

export function among(choices: number[]): Rule<number> {
  return numberThat((value) => choices.includes(value), `one of ${choices.join(', ')}`);
}

export const trueOrFalse: Rule<boolean> = {
  expects: 'true or false',
  read: (value) => [true, false].find((choice) => value === choice || value === String(choice)),
};

/** A list without duplicates, or its items separated by commas. */
export function listOf(item: Rule<string>, most = Number.POSITIVE_INFINITY): Rule<readonly string[]> {
  return {
    expects: `a list without duplicates${most < Number.POSITIVE_INFINITY ? `, at most ${most} items` : ''}, each item ${item.expects}`,
    read(value) {
      const items = itemsOf(value)?.map((each) => item.read(each));
      if (!items || items.length > most || new Set(items).size < items.length) return undefined;
      return items.every((each) => each !== undefined) ? items : undefined;
    },
  };
}

/** Returns the items of a list, or of a text with commas between them; `undefined` for anything else. */
export function itemsOf(value: unknown): unknown[] | undefined {
  const items = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
  return Array.isArray(items) ? items : undefined;
}

/** Returns an object, or the object in a JSON text. `undefined` for anything else. */
export function parseJsonObject(value: unknown): object | undefined {
  try {
    const parsed = typeof value === 'string' ? JSON.parse(value) : value;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** An origin to which credentials may be sent. */
export function origin(example: string): Rule<string> {
  return {
    expects: `an https origin with nothing after the host, such as ${example}`,
    read(value) {
      if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
      const url = new URL(value);
      return isHttpsOrLoopback(url) && value === url.origin ? value : undefined;
    },
  };
}

function numberThat(holds: (value: number) => boolean, expects: string): Rule<number> {
  return {
    expects,
    read(value) {
      const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) && holds(number) ? number : undefined;
    },
  };
}
