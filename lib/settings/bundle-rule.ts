import { NAME_PATTERN } from '../../lambdas/contract.ts';
import { parseJsonObject, type Rule } from './rules.ts';

/** The bundle of new connections: one for all apps, or one for each app. */
type DefaultBundle = string | Record<string, string>;

/** Accepts the name of a bundle, or an object of apps and bundles; `cdk -c` passes the object as JSON. */
export const bundleRule: Rule<DefaultBundle> = {
  expects: 'the name of a bundle, or an object with one for each app',
  read(value) {
    if (isName(value)) return value;
    const bundles = parseJsonObject(value);
    if (bundles === undefined) return undefined;
    const isValid = Object.entries(bundles).every((names) => names.every(isName));
    return isValid ? (bundles as Record<string, string>) : undefined;
  },
};

const isName = (value: unknown): value is string => typeof value === 'string' && NAME_PATTERN.test(value);
