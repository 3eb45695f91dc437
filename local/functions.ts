import { createHandler as createCallback } from '../lambdas/callback.ts';
import { withStarter } from '../lambdas/callback-routes.ts';
import { DEFAULT_NAME, TIMEOUT_SECONDS, VARIABLES } from '../lambdas/contract.ts';
import { createHandler as createOperator } from '../lambdas/operator.ts';
import { createHandler as createRotate, withAlerts } from '../lambdas/rotate.ts';
import type { CallbackRuntime, Runtime } from '../lambdas/runtime.ts';
import type { LocalFunction } from './aws/lambda.ts';

/** Returns the environment variables of the callback function: without the secrets that its role may not read. */
export const callbackVariables = ({
  [VARIABLES.sealingKeySecretId]: _,
  [VARIABLES.n8nSecretId]: __,
  [VARIABLES.n8nUrls]: ____,
  [VARIABLES.alertTopicArn]: ___,
  ...variables
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv => variables;

/**
 * Creates the three functions, with the names and timeouts of the deployed stack.
 * @param callback the runtime of the callback function, which opens no stored token
 */
export function createLocalFunctions(runtime: Runtime, callback: CallbackRuntime) {
  const callbackRuntime = withStarter(callback);
  const sweepRuntime = withAlerts(runtime);
  const named = (name: keyof typeof TIMEOUT_SECONDS, handler: LocalFunction['handler']): LocalFunction => ({
    name: `${DEFAULT_NAME}-${name}`,
    handler,
    timeoutSeconds: TIMEOUT_SECONDS[name],
  });
  return {
    callback: named(
      'callback',
      createCallback(() => callbackRuntime),
    ),
    rotate: named(
      'rotate',
      createRotate(() => sweepRuntime),
    ),
    operator: named(
      'operator',
      createOperator(() => runtime),
    ),
  };
}
