import { InvokeCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type { OperatorRequest, OperatorResponse, OperatorResults } from '../lambdas/operator-protocol.ts';
import { Failure } from '../lambdas/operator-protocol.ts';
import { type AwsOptions, clientConfig } from './aws/client-config.ts';
import { awsFailure } from './aws/failure.ts';
import { interruption } from './terminal/interruption.ts';

/** What is sent with each action. */
export type Requests = {
  [Action in OperatorRequest['action']]: Omit<Extract<OperatorRequest, { action: Action }>, 'action'>;
};

/** The installation's operator function. */
export interface Operator {
  /**
   * @throws {Failure} what the function answers, or why it could not be asked
   * @throws {Interrupted} on Ctrl-C; what the function has begun, it ends
   */
  ask<A extends keyof Requests>(action: A, request: Requests[A]): Promise<OperatorResults[A]>;
}

/** @param name of the installation: the function is `<name>-operator` */
export function createOperator(name: string, options: AwsOptions): Operator {
  const FunctionName = `${name}-operator`;
  const client = new LambdaClient(clientConfig(options));

  const invoke = async (event: object): Promise<unknown> => {
    try {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
        { abortSignal: interruption },
      );
      const answer: unknown = JSON.parse(Payload?.transformToString() || 'null');
      if (FunctionError !== undefined) throw broken(FunctionName, answer);
      return answer;
    } catch (error) {
      interruption.throwIfAborted();
      if (error instanceof Failure) throw error;
      if (error instanceof ResourceNotFoundException) throw notDeployed(FunctionName);
      throw awsFailure(error, `invoke ${FunctionName}`);
    }
  };

  return {
    async ask<A extends keyof Requests>(action: A, request: Requests[A]) {
      const answer = (await invoke({ action, ...request })) as OperatorResponse<OperatorResults[A]> | null;
      if (answer?.ok) return answer.result;
      if (answer?.error?.code === 'bad_request') throw older(FunctionName, action);
      if (answer?.error) throw operatorFailure(answer.error);
      throw broken(FunctionName, answer);
    },
  };
}

function operatorFailure({
  class: failureClass,
  code,
  message,
  action,
}: Pick<Failure, 'class' | 'code' | 'message' | 'action'>) {
  return new Failure(failureClass, code, message, action);
}

function notDeployed(functionName: string): Failure {
  return new Failure(
    'misconfigured',
    'not_deployed',
    `There is no function ${functionName} in this account and Region.`,
    'Deploy it (npx cdk deploy), or name what is deployed: --name, --region, --profile.',
  );
}

/** An action that this program knows and the function does not. */
function older(functionName: string, action: string): Failure {
  return new Failure(
    'misconfigured',
    'older_deployment',
    `${functionName} does not understand "${action}": another version is deployed.`,
    'Deploy this version: npx cdk deploy.',
  );
}

/** The function failed outside its own answers. What it threw is in its log; the answer's text may hold anything. */
function broken(functionName: string, answer: unknown): Failure {
  const { errorMessage = '', errorType = 'no answer' } = (answer ?? {}) as {
    errorMessage?: string;
    errorType?: string;
  };
  if (/timed out/i.test(errorMessage)) {
    return new Failure(
      'retry',
      'function_timeout',
      `${functionName} did not finish in its time.`,
      'See with zoom-tokens status what has become of it, and try again.',
    );
  }
  return new Failure(
    'retry',
    'function_failed',
    `${functionName} failed (${errorType}).`,
    `Look into its log: aws logs tail /aws/lambda/${functionName} --since 10m.`,
  );
}
