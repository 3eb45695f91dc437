import { N8N_OPERATIONS } from '../../../lambdas/operator-protocol.ts';

/**
 * Returns the section of a General App's manifest that concerns this installation: its URLs, strict mode, and the scopes
 * that n8n's Zoom node needs. Zoom calls manifests an early preview, which updates an existing app and creates none.
 * https://developers.zoom.us/docs/build-flow/manifests/schema/oauth-information/
 */
export const manifestSection = (redirectUrl: string) => ({
  oauth_information: {
    usage: 'USER_OPERATION',
    development_redirect_uri: redirectUrl,
    production_redirect_uri: redirectUrl,
    oauth_allow_list: [redirectUrl],
    strict_mode: true,
    subdomain_strict_mode: false,
    scopes: N8N_OPERATIONS.map(({ scope }) => ({ scope, optional: false })),
    scope_description: "n8n's Zoom node uses these scopes.",
  },
});

/** Returns the section, and how to use it. */
export const formatManifest = (redirectUrl: string): string =>
  [
    "Or use the app's manifest, which Zoom offers as an early preview to accepted accounts: download it, replace its oauth_information by this, and upload it.",
    '',
    JSON.stringify(manifestSection(redirectUrl), null, 2),
    '',
  ].join('\n');
