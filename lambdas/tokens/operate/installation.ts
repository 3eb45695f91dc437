import { ROUTES } from '../../contract.ts';
import { appNotDeployed } from '../app-not-deployed.ts';
import { type Place, placeOf } from '../publication/place.ts';

/**
 * The resources that outlive the stack, in the form of the setting `existing`: a later stack takes them over. A local stack
 * has names in place of ARNs.
 */
export interface ExistingResources {
  table: string;
  rescueBucket: string;
  /** The operator function alone knows both keys. */
  sealingKeySecretArn?: string;
  linkKeySecretArn?: string;
  appSecretArns: Record<string, string>;
  n8nSecretArn?: string;
  /** The key that the stack created with `encryption: customer`. */
  kmsKeyArn?: string;
  /** Name of the log group with what operators commanded. */
  auditLogGroup?: string;
}

/** The settings of a deployment, as its functions know them. */
export interface Installation {
  /** Version of the deployed code, from its package.json. */
  version: string;
  /** Prefix of the names of the functions and the alarms. */
  name: string;
  /** Origin of the HTTP API, without a trailing slash. */
  publicUrl: string;
  zoomOauthUrl: string;
  zoomApiUrl: string;
  existing: ExistingResources;
  /** The bundle of new connections by their app, and by `*` for all other apps. */
  defaultBundles?: ReadonlyMap<string, string> | undefined;
  sweepRateMinutes: number;
  /** ARN of the managed policy with which n8n reads. A local stack has none. */
  n8nPolicyArn: string | undefined;
  /** The bundles that n8n's policy names; without it, the policy allows every published secret. */
  readers?: readonly string[];
}

/** Returns the settings that a person needs to set the Zoom app up and to find the installation. */
export function describeInstallation(
  { sweepRateMinutes: _, n8nPolicyArn: __, defaultBundles: ___, ...shown }: Installation,
  now: number,
) {
  const { publicUrl } = shown;
  const redirectUrl = `${publicUrl}${ROUTES.callback}`;
  return { ...shown, now, redirectUrl, eventsUrl: `${publicUrl}${ROUTES.events}` };
}

/** Returns where a new connection of an app is published; `undefined` for a secret of its own. */
export function defaultPlace(
  app: string,
  { defaultBundles }: Pick<Installation, 'defaultBundles'>,
): Place | undefined {
  const bundle = defaultBundles?.get(app) ?? defaultBundles?.get('*');
  return bundle === undefined ? undefined : placeOf(bundle);
}

/**
 * Returns the name or ARN of the app's secret.
 * @throws {Failure} `misconfigured` (`app_not_deployed`) for an app that the deployment does not have
 */
export function deployedAppSecret(app: string, { existing }: Pick<Installation, 'existing'>): string {
  const secrets = new Map(Object.entries(existing.appSecretArns));
  const secretId = secrets.get(app);
  if (secretId !== undefined) return secretId;
  throw appNotDeployed(app, secrets.keys());
}

/** The name of whoever asks a Zoom user for access, and a contact for help. */
export interface Asker {
  name?: string | undefined;
  /** An e-mail address or an https address. */
  contact?: string | undefined;
  /** The name of the installation, for the commands on a page. */
  installation?: string | undefined;
}
