import { createHandler as createCallback, withStarter } from '../lambdas/callback.ts';
import { DEFAULT_NAME, TIMEOUT_SECONDS } from '../lambdas/contract.ts';
import { createHandler as createOperator } from '../lambdas/operator.ts';
import { createHandler as createRotate, withAlerts } from '../lambdas/rotate.ts';
import type { Runtime } from '../lambdas/runtime.ts';
import type { LocalFunction } from './aws/lambda.ts';

/** Creates the three functions around one runtime, with the names and timeouts of the deployed stack. */
export function createLocalFunctions(runtime: Runtime) {
  const callbackRuntime = withStarter(runtime);
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
