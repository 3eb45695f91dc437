import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { CLIENT_OPTIONS } from './aws/client-options.ts';
import { createN8nSecret } from './aws/n8n-secret.ts';
import { createSecretsVault } from './aws/secrets-vault.ts';
import { createConnectionsTable } from './aws/table/connections.ts';
import { fetchByNode } from './http-client.ts';
import { logger } from './observability.ts';
import { createN8n } from './tokens/apis/n8n.ts';
import { createZoom } from './tokens/apis/zoom.ts';
import { DEFAULT_MARGINS } from './tokens/connection.ts';
import { LINK_SECONDS } from './tokens/consent/link-ticket.ts';
import type { Dependencies } from './tokens/dependencies.ts';
import { Failure } from './tokens/errors.ts';
import { isLoopback } from './tokens/loopback.ts';
import type { Installation } from './tokens/operate/installation.ts';
import { createKeyring } from './tokens/sealing/keyring.ts';

/** What a handler works with: the domain's dependencies, and where the API is reached from outside. */
export interface Runtime extends Dependencies {
  /** Origin of the HTTP API, no trailing slash. */
  publicUrl: string;
  /** SNS topic of the alerts; the function that sweeps has one. */
  alertTopicArn?: string;
  installation: Installation;
}

/** An origin. Plain HTTP never leaves the machine: tokens and codes travel there. */
const origin = v.pipe(
  v.string('is missing'),
  v.check(
    (value) =>
      URL.canParse(value) &&
      (new URL(value).protocol === 'https:' || isLoopback(new URL(value).hostname)) &&
      new URL(value).pathname === '/',
    'must be an https:// origin',
  ),
  v.transform((value) => new URL(value).origin),
);
const required = v.pipe(v.string('is missing'), v.nonEmpty('is empty'));
const RANGE = 'must be whole seconds, 60 to 3000';
const seconds = v.pipe(
  v.unknown(),
  v.toNumber(RANGE),
  v.check((value) => Number.isInteger(value) && value >= 60 && value <= 3000, RANGE),
);
const MINUTES = 'must be minutes';
const minutes = v.pipe(v.unknown(), v.toNumber(MINUTES), v.finite(MINUTES));

const Environment = v.object(
  {
    TABLE_NAME: required,
    KEY_SECRET_ID: required,
    APP_SECRET_PREFIX: required,
    PUBLISHED_SECRET_PREFIX: required,
    PUBLIC_URL: origin,
    ALERT_TOPIC_ARN: v.optional(
      v.pipe(v.string(), v.regex(/^arn:[\w-]+:sns:\S+$/, 'must be the ARN of an SNS topic')),
    ),
    N8N_SECRET_ID: v.optional(required),
    ZOOM_OAUTH_URL: v.optional(origin, 'https://zoom.us'),
    ZOOM_API_URL: v.optional(origin, 'https://api.zoom.us'),
    MARGIN_SECONDS: v.optional(seconds, DEFAULT_MARGINS.late),
    EARLY_MARGIN_SECONDS: v.optional(seconds, DEFAULT_MARGINS.overlapping),
    POWERTOOLS_SERVICE_NAME: v.optional(required, 'zoom-token-refresher'),
    // In a bundle esbuild has put the version here; no variable is set there.
    VERSION: v.optional(required, process.env.VERSION ?? 'unknown'),
    // The operator function alone is told these.
    SWEEP_RATE_MINUTES: v.optional(minutes, 1),
    N8N_POLICY_ARN: v.optional(required),
  },
  'is missing',
);

/** What may differ from the deployed function: how its time runs, and who hears its log. */
export type Overrides = Partial<Pick<Dependencies, 'now' | 'log' | 'linkSeconds'>>;

/**
 * Builds a function's runtime from its environment variables. The AWS clients take endpoints, Region and
 * credentials from the SDK's own variables (`AWS_ENDPOINT_URL_*`, `AWS_REGION`, …).
 * @throws {Failure} `misconfigured`, naming every variable that is missing or wrong
 */
export function createRuntime(
  environment: NodeJS.ProcessEnv = process.env,
  overrides: Overrides = {},
): Runtime {
  const variables = parse(environment);
  const now = overrides.now ?? (() => Math.floor(Date.now() / 1000));
  const secretsManager = new SecretsManagerClient(CLIENT_OPTIONS);
  const vault = createSecretsVault(secretsManager, {
    appSecretPrefix: variables.APP_SECRET_PREFIX,
    keySecretId: variables.KEY_SECRET_ID,
    publishedSecretPrefix: variables.PUBLISHED_SECRET_PREFIX,
    installation: variables.POWERTOOLS_SERVICE_NAME,
  });
  const n8nSecretId = variables.N8N_SECRET_ID;
  return {
    now,
    random: Math.random,
    wait: (milliseconds) => setTimeout(milliseconds),
    store: createConnectionsTable(new DynamoDBClient(CLIENT_OPTIONS), variables.TABLE_NAME),
    vault,
    zoom: createZoom({
      oauthUrl: variables.ZOOM_OAUTH_URL,
      apiUrl: variables.ZOOM_API_URL,
      redirectUri: `${variables.PUBLIC_URL}/callback`,
      fetch: fetchByNode,
      now,
    }),
    keyring: createKeyring(vault, now),
    ...(n8nSecretId !== undefined && {
      push: {
        settings: createN8nSecret(secretsManager, n8nSecretId, now),
        n8n: createN8n(fetchByNode),
        pauses: new Map(),
      },
    }),
    margins: { late: variables.MARGIN_SECONDS, overlapping: variables.EARLY_MARGIN_SECONDS },
    linkSeconds: overrides.linkSeconds ?? LINK_SECONDS,
    log: overrides.log ?? logger,
    publicUrl: variables.PUBLIC_URL,
    ...(variables.ALERT_TOPIC_ARN !== undefined && { alertTopicArn: variables.ALERT_TOPIC_ARN }),
    installation: {
      version: variables.VERSION,
      name: variables.POWERTOOLS_SERVICE_NAME,
      publicUrl: variables.PUBLIC_URL,
      zoomOauthUrl: variables.ZOOM_OAUTH_URL,
      zoomApiUrl: variables.ZOOM_API_URL,
      appSecretPrefix: variables.APP_SECRET_PREFIX,
      sweepRateMinutes: variables.SWEEP_RATE_MINUTES,
      n8nPolicyArn: variables.N8N_POLICY_ARN,
    },
  };
}

/** Built once an execution environment, at the first request: a failure is answered, not lost in the start-up. */
export function lazily<T>(create: () => T): () => T {
  let created: T | undefined;
  return () => {
    created ??= create();
    return created;
  };
}

function parse(environment: NodeJS.ProcessEnv): v.InferOutput<typeof Environment> {
  const parsed = v.safeParse(Environment, environment);
  if (parsed.success) return parsed.output;
  const wrong = parsed.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`);
  throw new Failure(
    'misconfigured',
    'environment',
    `Environment variables are missing or wrong: ${wrong.join(', ')}.`,
    'Deploy again: npx cdk deploy sets them all.',
  );
}
