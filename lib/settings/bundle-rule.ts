import { NAME_PATTERN } from '../../lambdas/contract.ts';
import type { Rule } from './rules.ts';

/** The bundle of new connections: one for all apps, or one for each app. */
type DefaultBundle = string | Record<string, string>;

/** Accepts the name of a bundle, or an object of apps and bundles; `cdk -c` passes the object as JSON. */
export const bundleRule: Rule<DefaultBundle> = {
  expects: 'the name of a bundle, or an object with one for each app',
  read(value) {
    const read = typeof value === 'string' && value.startsWith('{') ? parse(value) : value;
    if (isName(read)) return read;
    if (typeof read !== 'object' || read === null) return undefined;
    const isValid = Object.entries(read).every((names) => names.every(isName));
    return isValid ? (read as Record<string, string>) : undefined;
  },
};

const isName = (value: unknown): value is string => typeof value === 'string' && NAME_PATTERN.test(value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
