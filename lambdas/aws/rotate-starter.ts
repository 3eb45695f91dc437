import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Starter } from '../tokens/start/start-request.ts';
import { CLIENT_OPTIONS } from './client-options.ts';

/** A browser waits, and the next sweep makes up for a start that fails. */
const CLIENT = { ...CLIENT_OPTIONS, maxAttempts: 2 };

/**
 * Starts the rotate function by an asynchronous invocation. The client is loaded with the first one.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
 * @param functionName name or ARN
 */
export function createRotateStarter(functionName: string, makeClient: MakeClient = createClient): Starter {
  let client: LambdaClient | undefined;
  return {
    async start(request) {
      const { InvokeCommand, LambdaClient } = await import('./lambda-client.ts');
      client ??= makeClient(LambdaClient);
      const { StatusCode } = await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          InvocationType: 'Event',
          Payload: JSON.stringify(request),
        }),
      );
      // Another status is that of something in front of Lambda, or of a run that was waited for.
      if (StatusCode !== 202) throw new Error('Lambda did not accept the asynchronous invocation');
    },
  };
}

type MakeClient = (Client: typeof LambdaClient) => LambdaClient;

const createClient: MakeClient = (Client) => new Client(CLIENT);
