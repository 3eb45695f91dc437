import { Failure } from '../../lambdas/operator-protocol.ts';

/** The variables that apply to the services of the command line. */
const VARIABLE = /^AWS_ENDPOINT_URL(_LAMBDA|_SECRETS_MANAGER|_STS|_SSO|_SSO_OIDC|_SIGNIN)?$/;

/** Returns the failure for an endpoint variable that is no http or https URL; `undefined` when all are. */
export function endpointInvalid(environment: Record<string, string | undefined>): Failure | undefined {
  for (const [name, value] of Object.entries(environment)) {
    if (!VARIABLE.test(name) || !value || isHttpUrl(value)) continue;
    const isAddress = isHttpUrl(`http://${value}`);
    return new Failure(
      'misconfigured',
      'invalid_endpoint',
      `${name} is no URL: "${value}"${isAddress ? ' has no scheme' : ''}.`,
      isAddress
        ? `Set it with its scheme: ${name}=http://${value}, or https.`
        : `Set it to an http or https URL, or unset it: unset ${name}`,
    );
  }
  return undefined;
}

const isHttpUrl = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
