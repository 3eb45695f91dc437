import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { type AwsOptions, clientConfig } from '../../aws/client-config.ts';
import { awsFailure } from '../../aws/failure.ts';
import type { Retained } from './retained.ts';

/**
 * Returns the name of a function that still uses one of the resources: that of a stack with another name, which no
 * `--name` led to, or of a later stack that has taken them over.
 * @throws {Failure} when the functions cannot be listed
 */
export async function functionThatUses(
  { table, bucket, secrets }: Retained,
  options: AwsOptions,
): Promise<string | undefined> {
  const resources = [table, bucket, ...secrets].filter((each) => each !== undefined);
  // Some variables hold an object of secrets in JSON.
  const isUse = (value: string) =>
    resources.some((resource) => value === resource || value.includes(JSON.stringify(resource)));
  const client = new LambdaClient(clientConfig(options));
  try {
    for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
      const user = Functions.find(({ Environment }) =>
        Object.values(Environment?.Variables ?? {}).some(isUse),
      );
      if (user) return user.FunctionName;
    }
    return undefined;
  } catch (error) {
    throw await awsFailure(error, 'list the functions', options);
  } finally {
    client.destroy();
  }
}
