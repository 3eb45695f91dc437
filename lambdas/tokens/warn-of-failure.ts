import type { Log, LogDetails } from './dependencies.ts';
import { toFailure } from './errors.ts';

/**
 * Logs a failure after which the work goes on: its message after a sentence that says what failed, its class and its code.
 * @param what begins the line, such as `Not revoked at Zoom.`
 */
export function warnOfFailure(
  log: Pick<Log, 'warn'>,
  what: string,
  error: unknown,
  context: LogDetails = {},
): void {
  const { class: failureClass, code, message } = toFailure(error);
  log.warn(`${what} ${message}`, { ...context, class: failureClass, code });
}
