/** What `--profile` and `--region` choose; the SDK finds the rest as it always does. */
export interface AwsOptions {
  profile?: string;
  region?: string;
}

/** Longer than the operator function's own time limit of 60 seconds. */
const ANSWER_MS = 70_000;
const CONNECT_MS = 10_000;

/** A client's configuration. Of endpoints, credentials and Regions it knows what the environment and the profile say. */
export const clientConfig = ({ profile, region }: AwsOptions) => ({
  ...(profile !== undefined && { profile }),
  ...(region !== undefined && { region }),
  requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
});
