import * as v from 'valibot';
import {
  BUNDLE_BYTES,
  BUNDLE_PATTERN,
  DEFAULT_NAME,
  isHttpsOrLoopback,
  MARGIN_SECONDS,
  MONITORING,
  VARIABLES,
} from './contract.ts';
import { parseJson } from './tokens/apis/http.ts';
import { Failure } from './tokens/errors.ts';
import { jsonMap } from './tokens/json-object.ts';
import type { Asker } from './tokens/operate/installation.ts';

/** An origin to which tokens and codes may be sent. */
const origin = v.pipe(
  v.string('is missing'),
  v.check(
    (value) => URL.canParse(value) && isHttpsOrLoopback(new URL(value)) && new URL(value).pathname === '/',
    'must be an https:// origin',
  ),
  v.transform((value) => new URL(value).origin),
);
const required = v.pipe(v.string('is missing'), v.nonEmpty('is empty'));
const SECRETS = 'must be a JSON object of secret names';
const appSecrets = v.pipe(
  v.string('is missing'),
  v.transform(parseJson),
  jsonMap(v.pipe(v.string(SECRETS), v.nonEmpty(SECRETS)), SECRETS),
);
const { least, most } = MARGIN_SECONDS;
const RANGE = `must be whole seconds, ${least} to ${most}`;
const seconds = v.pipe(
  v.unknown(),
  v.toNumber(RANGE),
  v.check((value) => Number.isInteger(value) && value >= least && value <= most, RANGE),
);
const MINUTES = 'must be minutes';
const minutes = v.pipe(v.unknown(), v.toNumber(MINUTES), v.finite(MINUTES));

const BYTES = `must be whole bytes, 1 to ${BUNDLE_BYTES.most}`;
const bytes = v.pipe(
  v.unknown(),
  v.toNumber(BYTES),
  v.check((value) => Number.isInteger(value) && value >= 1 && value <= BUNDLE_BYTES.most, BYTES),
);
const BUNDLES = 'must be a JSON object of apps and their bundles';
const bundles = v.pipe(
  v.string(),
  v.transform(parseJson),
  jsonMap(v.pipe(v.string(BUNDLES), v.regex(BUNDLE_PATTERN, BUNDLES)), BUNDLES),
);
const URLS = 'must be a JSON list of addresses';
const urls = v.pipe(
  v.string(),
  v.transform((text) => parseJson(text)),
  v.array(v.string(URLS), URLS),
);
const readers = v.pipe(
  v.string(),
  v.transform((names) => names.split(',')),
);

const Environment = v.object(
  {
    [VARIABLES.tableName]: required,
    [VARIABLES.linkKeySecretId]: v.optional(required),
    [VARIABLES.sealingKeySecretId]: v.optional(required),
    [VARIABLES.appSecrets]: appSecrets,
    [VARIABLES.publicUrl]: origin,
    [VARIABLES.alertTopicArn]: v.optional(
      v.pipe(v.string(), v.regex(/^arn:[\w-]+:sns:\S+$/, 'must be the ARN of an SNS topic')),
    ),
    [VARIABLES.n8nSecretId]: v.optional(required),
    [VARIABLES.n8nUrls]: v.optional(urls, '[]'),
    [VARIABLES.rescueBucket]: required,
    [VARIABLES.rotateFunctionName]: v.optional(required),
    [VARIABLES.zoomOauthUrl]: v.optional(origin, 'https://zoom.us'),
    [VARIABLES.zoomApiUrl]: v.optional(origin, 'https://api.zoom.us'),
    [VARIABLES.marginSeconds]: v.optional(seconds, MARGIN_SECONDS.late),
    [VARIABLES.earlyMarginSeconds]: v.optional(seconds, MARGIN_SECONDS.early),
    [VARIABLES.installationName]: v.optional(required, DEFAULT_NAME),
    [VARIABLES.displayName]: v.optional(required),
    [VARIABLES.contact]: v.optional(required),
    [VARIABLES.installationId]: v.optional(required),
    // esbuild replaces `process.env.VERSION` in a bundle; no variable is set there.
    [VARIABLES.version]: v.optional(required, process.env.VERSION ?? 'unknown'),
    // Set for the operator function alone.
    [VARIABLES.auditLogGroup]: v.optional(required),
    [VARIABLES.bundleBytes]: v.optional(bytes, BUNDLE_BYTES.usual),
    [VARIABLES.defaultBundles]: v.optional(bundles, '{}'),
    [VARIABLES.sweepRateMinutes]: v.optional(minutes, 1),
    [VARIABLES.n8nPolicyArn]: v.optional(required),
    [VARIABLES.readers]: v.optional(readers),
    [VARIABLES.kmsKeyArn]: v.optional(required),
    // Set for the rotate function alone.
    [VARIABLES.monitoring]: v.optional(
      v.picklist(MONITORING, `must be ${MONITORING.join(' or ')}`),
      'essential',
    ),
  },
  'is missing',
);

/** A function's environment variables, with defaults for those that are not set. */
export type Variables = v.InferOutput<typeof Environment>;

/**
 * Parses a function's environment variables.
 * @throws {Failure} `misconfigured` (`environment`); it names every variable that is missing or wrong
 */
export function parseEnvironment(environment: NodeJS.ProcessEnv): Variables {
  const parsed = v.safeParse(Environment, environment);
  if (parsed.success) return parsed.output;
  const wrong = parsed.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`);
  throw new Failure(
    'misconfigured',
    'environment',
    `Environment variables are missing or wrong: ${wrong.join(', ')}.`,
    'Deploy again: npx cdk deploy sets them all. If it finds no changes, they were changed by hand: npx cdk deploy --revert-drift.',
  );
}

/** Returns how the pages name the installation and its operator. */
export const askerFrom = (variables: Variables): Asker => ({
  name: variables[VARIABLES.displayName],
  contact: variables[VARIABLES.contact],
  installation: variables[VARIABLES.installationName],
});
