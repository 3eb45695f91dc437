/** Values of `--profile` and `--region`. The SDK resolves whatever is missing, as the AWS CLI does. */
export interface AwsOptions {
  profile?: string;
  region?: string;
}

/** Milliseconds. Longer than the operator function's own timeout of 60 seconds. */
const REQUEST_TIMEOUT_MS = 70_000;
const CONNECTION_TIMEOUT_MS = 10_000;

/** Returns the configuration of an SDK client. Endpoints and credentials come from the environment and the profile. */
export const clientConfig = ({ profile, region }: AwsOptions) => ({
  ...(profile !== undefined && { profile }),
  ...(region !== undefined && { region }),
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  },
});
