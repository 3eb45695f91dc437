import { InvokeCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type {
  FailureDetails,
  OperatorRequest,
  OperatorResponse,
  OperatorResults,
} from '../lambdas/operator-protocol.ts';
import { Failure } from '../lambdas/operator-protocol.ts';
import { type AwsOptions, clientConfig } from './aws/client-config.ts';
import { awsFailure } from './aws/failure.ts';
import { interruption } from './terminal/interruption.ts';
import { sanitizeText } from './terminal/sanitize.ts';

/** Parameters of each action, by the action's name. */
export type RequestParameters = {
  [Action in OperatorRequest['action']]: Omit<Extract<OperatorRequest, { action: Action }>, 'action'>;
};

/** Client of the installation's operator function. */
export interface OperatorClient {
  /**
   * Invokes the operator function and returns its result.
   * @throws {Failure} the failure in the function's response, or the reason why there is no response
   * @throws {Interrupted} on Ctrl-C; the function completes an action that it has already started
   */
  request<A extends keyof RequestParameters>(
    action: A,
    parameters: RequestParameters[A],
  ): Promise<OperatorResults[A]>;
}

/** @param name of the installation: the function is `<name>-operator` */
export function createOperatorClient(name: string, options: AwsOptions): OperatorClient {
  const FunctionName = `${name}-operator`;
  const client = new LambdaClient(clientConfig(options));

  const invoke = async (event: object): Promise<unknown> => {
    try {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
        { abortSignal: interruption },
      );
      const payload: unknown = JSON.parse(Payload?.transformToString() || 'null');
      if (FunctionError !== undefined) throw functionFailure(FunctionName, payload);
      return payload;
    } catch (error) {
      interruption.throwIfAborted();
      if (error instanceof Failure) throw error;
      if (error instanceof ResourceNotFoundException) throw notDeployed(FunctionName);
      throw await awsFailure(error, `invoke ${FunctionName}`, options);
    }
  };

  return {
    async request<A extends keyof RequestParameters>(action: A, parameters: RequestParameters[A]) {
      const event = { action, ...parameters };
      const response = (await invoke(event)) as OperatorResponse<OperatorResults[A]> | null;
      if (response?.ok) return response.result;
      if (response?.error?.code === 'bad_request') throw versionMismatch(FunctionName, action);
      if (response?.error) throw responseFailure(response.error);
      throw functionFailure(FunctionName, response);
    },
  };
}

function responseFailure({ class: failureClass, code, message, action }: FailureDetails): Failure {
  // The text may quote Zoom or n8n.
  return new Failure(failureClass, code, sanitizeText(message), sanitizeText(action));
}

function notDeployed(functionName: string): Failure {
  return new Failure(
    'misconfigured',
    'not_deployed',
    `Function ${functionName} not found in this AWS account and Region.`,
    'Deploy it (npx cdk deploy), or choose the installation that is deployed: --name, --region, --profile.',
  );
}

/** Failure for an action that this program knows and the deployed function does not. */
function versionMismatch(functionName: string, action: string): Failure {
  return new Failure(
    'misconfigured',
    'older_deployment',
    `${functionName} does not support "${action}": another version is deployed.`,
    'Deploy this version: npx cdk deploy',
  );
}

/**
 * Failure for a function that crashed or timed out. Shows the error's type and not its text, which may contain a
 * secret; the function's log has the text.
 */
function functionFailure(functionName: string, payload: unknown): Failure {
  const { errorMessage = '', errorType = 'no response' } = (payload ?? {}) as {
    errorMessage?: string;
    errorType?: string;
  };
  if (/timed out/i.test(errorMessage)) {
    return new Failure(
      'retry',
      'function_timeout',
      `${functionName} timed out. The action may be partly done.`,
      'Check the result with npx zoom-tokens status before you retry.',
    );
  }
  return new Failure(
    'retry',
    'function_failed',
    `${functionName} failed (${errorType}).`,
    `Read its log: aws logs tail /aws/lambda/${functionName} --since 10m`,
  );
}
