import { isHttpsOrLoopback } from '../../lambdas/contract.ts';

/** What a setting must be, in words, and how it is read; `undefined` for what it cannot be. */
export interface Rule<T> {
  readonly expects: string;
  read(value: unknown): T | undefined;
}

// `cdk -c key=value` gives every value as text, so numbers, switches and lists are taken as text too.

export function text(pattern: RegExp, expects: string): Rule<string> {
  return { expects, read: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined) };
}

export function oneOf<T extends string>(...choices: T[]): Rule<T> {
  return {
    expects: choices.map((choice) => JSON.stringify(choice)).join(' or '),
    read: (value) => choices.find((choice) => choice === value),
  };
}

export function whole(least: number, most: number): Rule<number> {
  return numberThat((value) => value >= least && value <= most, `a whole number from ${least} to ${most}`);
}

export function among(choices: number[]): Rule<number> {
  return numberThat((value) => choices.includes(value), `one of ${choices.join(', ')}`);
}

export const yesOrNo: Rule<boolean> = {
  expects: 'true or false',
  read: (value) => [true, false].find((choice) => value === choice || value === String(choice)),
};

export function listOf(item: Rule<string>): Rule<readonly string[]> {
  return {
    expects: `a list, each item ${item.expects}`,
    read(value) {
      const items = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
      const isList = Array.isArray(items) && items.every((each) => item.read(each) !== undefined);
      return isList && new Set(items).size === items.length ? items : undefined;
    },
  };
}

export function origin(example: string): Rule<string> {
  return {
    expects: `an https origin with nothing after the host, such as ${example}`,
    read(value) {
      if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
      const url = new URL(value);
      // Credentials go there: never in the clear, except on this very machine.
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
