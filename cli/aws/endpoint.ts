import { Failure } from '../../lambdas/operator-protocol.ts';

/** The variables that apply to the services of the command line. */
const VARIABLE = /^AWS_ENDPOINT_URL(_LAMBDA|_SECRETS_MANAGER|_STS|_SSO|_SSO_OIDC|_SIGNIN)?$/;

/**
 * Returns the failure for an endpoint that is no http or https URL. The SDK reads `localhost:4566` as the scheme
 * `localhost` and the host `4566`, and would send the request there.
 */
export function endpointInvalid(environment: Record<string, string | undefined> = process.env): Failure {
  for (const [name, value] of Object.entries(environment)) {
    if (!VARIABLE.test(name) || !value || isHttpUrl(value)) continue;
    const isAddress = isHttpUrl(`http://${value}`);
    return invalid(
      `${name} is no URL: "${value}"${isAddress ? ' has no scheme' : ''}.`,
      isAddress
        ? `Set it with its scheme: ${name}=http://${value}, or https.`
        : `Set it to an http or https URL, or unset it: unset ${name}`,
    );
  }
  return invalid(
    'The endpoint_url in the AWS profile is no http or https URL.',
    'Add its scheme in ~/.aws/config: endpoint_url = https://…',
  );
}

const isHttpUrl = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);

const invalid = (message: string, action: string) =>
  new Failure('misconfigured', 'invalid_endpoint', message, action);
