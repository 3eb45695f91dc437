import { ROUTES } from '../../contract.ts';

/** What a deployment tells its functions of itself. */
export interface Installation {
  /** Of the code that was deployed, as in its package.json. */
  version: string;
  /** Prefix of the functions' names. */
  name: string;
  /** Origin of the HTTP API, no trailing slash. */
  publicUrl: string;
  zoomOauthUrl: string;
  zoomApiUrl: string;
  /** `zoom-token-refresher/app/` */
  appSecretPrefix: string;
  sweepRateMinutes: number;
  /** The managed policy with which n8n reads; there is none on a machine of one's own. */
  n8nPolicyArn: string | undefined;
}

/** What a person has to know of it, to set it up and to find it. */
export function describeInstallation(
  { sweepRateMinutes: _, n8nPolicyArn: __, ...told }: Installation,
  now: number,
) {
  const { publicUrl } = told;
  return { ...told, now, redirectUrl: publicUrl + ROUTES.callback, eventsUrl: publicUrl + ROUTES.events };
}
