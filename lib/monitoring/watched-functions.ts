import type { TIMEOUT_SECONDS } from '../../lambdas/contract.ts';
import type { CallbackApi } from '../functions/callback-api.ts';
import type { Operator } from '../functions/operator.ts';
import type { Rotation } from '../functions/rotation.ts';
import type { ServiceFunction } from '../service-function.ts';

/** The constructs whose metrics the alarms and the dashboard watch. */
export interface WatchedFunctions {
  readonly callbackApi: CallbackApi;
  readonly rotation: Rotation;
  readonly operator: Operator;
}

/** Returns the Lambda functions by their task. */
export function functionsByTask({
  callbackApi,
  rotation,
  operator,
}: WatchedFunctions): Record<keyof typeof TIMEOUT_SECONDS, ServiceFunction> {
  return { callback: callbackApi.function, rotate: rotation.function, operator: operator.function };
}
