import type { Responder } from '../gateway.ts';
import type { LocalStack } from '../stack.ts';

/** The page that shows live what happens. */
export function page(_stack: LocalStack): Responder {
  return async () => false;
}
