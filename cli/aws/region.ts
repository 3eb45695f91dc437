import { LambdaClient } from '@aws-sdk/client-lambda';
import { type AwsOptions, clientConfig } from './client-config.ts';

/** Returns the Region that the SDK resolves, or `undefined` when none is set. */
export async function resolveRegion(options: AwsOptions): Promise<string | undefined> {
  const client = new LambdaClient(clientConfig(options));
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
