import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { caBundle } from './ca-bundle.ts';
import { profileUnknown } from './profiles.ts';
import { RequestHandler } from './request-handler.ts';

/** Values of `--profile` and `--region`. The SDK resolves whatever is missing, as the AWS CLI does. */
export interface AwsOptions {
  profile?: string;
  region?: string;
}

/**
 * Returns the configuration of an SDK client. Endpoints and credentials come from the environment and the profile. The
 * clients that fetch credentials (SSO, STS) take the same proxy and trust the same CAs.
 */
export function clientConfig({ profile, region }: AwsOptions) {
  const requestHandler = new RequestHandler(() => caBundle(profile));
  return {
    ...(profile !== undefined && { profile }),
    ...(region !== undefined && { region }),
    requestHandler,
    credentialDefaultProvider: (input: object = {}) => {
      const provide = defaultProvider({ ...input, clientConfig: { requestHandler } });
      return async (properties?: Parameters<typeof provide>[0]) => {
        // The chain would go on to the credentials of the machine, as if no profile had been passed.
        const unknown = await profileUnknown(profile);
        if (unknown) throw unknown;
        requestHandler.lastFailure = undefined;
        try {
          return await provide(properties);
        } catch (error) {
          throw requestHandler.lastFailure ?? error;
        }
      };
    },
  };
}
