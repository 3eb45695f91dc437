import { ROUTES } from '../../contract.ts';

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
