import { LambdaClient } from '@aws-sdk/client-lambda';
import { type AwsOptions, clientConfig } from './client-config.ts';

/** The Region that the SDK chooses; `undefined` where none is chosen. */
export async function regionOf(options: AwsOptions): Promise<string | undefined> {
  const client = new LambdaClient(clientConfig(options));
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
