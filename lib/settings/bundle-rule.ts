import { BUNDLE_PATTERN } from '../../lambdas/contract.ts';
import { listOf, parseJsonObject, type Rule, text } from './rules.ts';

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

/** A managed policy holds 6,144 characters, and the names are in the operator function's environment, which holds 4 KB. */
const MOST_READERS = 20;

/** Accepts the bundles that n8n may read. None would be every secret, so an empty text is refused. */
export const readersRule = listOf(
  text(BUNDLE_PATTERN, 'the name of a bundle such as "sales", without "n8n_zoom_bundle_"'),
  MOST_READERS,
);

const isName = (value: unknown): value is string => typeof value === 'string' && BUNDLE_PATTERN.test(value);
