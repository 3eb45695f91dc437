import { ROUTES } from '../../contract.ts';
import { Failure } from '../errors.ts';

/** The settings of a deployment, as its functions know them. */
export interface Installation {
  /** Version of the deployed code, from its package.json. */
  version: string;
  /** Prefix of the functions' names. */
  name: string;
  /** Origin of the HTTP API, without a trailing slash. */
  publicUrl: string;
  zoomOauthUrl: string;
  zoomApiUrl: string;
  /** Such as `zoom-token-refresher/app/`. */
  appSecretPrefix: string;
  /** Names of the deployed apps; unknown outside of the operator function. */
  apps?: string[] | undefined;
  sweepRateMinutes: number;
  /** ARN of the managed policy with which n8n reads. A local stack has none. */
  n8nPolicyArn: string | undefined;
}

/** Returns the settings that a person needs to set the Zoom app up and to find the installation. */
export function describeInstallation(
  { sweepRateMinutes: _, n8nPolicyArn: __, ...shown }: Installation,
  now: number,
) {
  const { publicUrl } = shown;
  const redirectUrl = `${publicUrl}${ROUTES.callback}`;
  return { ...shown, now, redirectUrl, eventsUrl: `${publicUrl}${ROUTES.events}` };
}

/** @throws {Failure} `misconfigured` (`app_not_deployed`) for an app that the deployment does not have */
export function assertDeployed(app: string, { apps }: Pick<Installation, 'apps'>): void {
  if (apps === undefined || apps.includes(app)) return;
  throw new Failure(
    'misconfigured',
    'app_not_deployed',
    `No Zoom app "${app}". Known apps: ${apps.join(', ')}.`,
    `Add it to "apps" in cdk.json, deploy, then run npx zoom-tokens setup ${app}`,
  );
}
