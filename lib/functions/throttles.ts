import { ROUTES } from '../../lambdas/contract.ts';

/** Requests a second, and those that may come at once. API Gateway responds to more with status 429. */
export interface Throttle {
  readonly rate: number;
  readonly burst: number;
}

/**
 * The throttle of each route of the HTTP API. The bursts sum to 8: a new account may run ten functions at once, and the
 * sweep and the operator need one each.
 */
export const THROTTLES: Readonly<Record<string, Throttle>> = {
  [`GET ${ROUTES.link}`]: { rate: 2, burst: 2 },
  [`POST ${ROUTES.link}`]: { rate: 2, burst: 1 },
  [`GET ${ROUTES.callback}`]: { rate: 2, burst: 2 },
  [`POST ${ROUTES.events}`]: { rate: 2, burst: 1 },
  [`POST ${ROUTES.appEvents}`]: { rate: 2, burst: 1 },
  /** Any other path. */
  $default: { rate: 1, burst: 1 },
};
