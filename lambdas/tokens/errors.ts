import type { FailureClass } from '../contract.ts';
import type { FailureCode } from './failure-codes.ts';

export type { FailureClass, FailureCode };

/** An error with a class and a code. Neither `message` nor `action` ever contains a token, a code or a secret. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly class: FailureClass;
  readonly code: FailureCode;
  /** The reader's next action, in one or two sentences. */
  readonly action: string;
  /** Seconds after which the service allows the next request (RFC 9110, section 10.2.3). */
  readonly retryAfter: number | undefined;

  constructor(
    failureClass: FailureClass,
    code: FailureCode,
    message: string,
    action: string,
    retryAfter?: number | undefined,
  ) {
    super(message);
    this.class = failureClass;
    this.code = code;
    this.action = action;
    this.retryAfter = retryAfter;
  }
}

/** Returns the failure with another text. */
export const reworded = (
  { class: failureClass, code, message, action, retryAfter }: Failure,
  text: Partial<Pick<Failure, 'message' | 'action'>>,
): Failure => new Failure(failureClass, code, text.message ?? message, text.action ?? action, retryAfter);

/** Stands for the connection in the action of an error that is made where the connection is not known. */
export const CONNECTION = '<connection>';

/** Returns the error with an action that names the connection. */
export function namingConnection(error: unknown, connection: string): unknown {
  if (!(error instanceof Failure) || !error.action.includes(CONNECTION)) return error;
  return reworded(error, { action: error.action.replaceAll(CONNECTION, connection) });
}

/** A failure as it is stored, logged and shown. */
export type FailureDetails = Pick<Failure, 'class' | 'code' | 'message' | 'action'>;

/** Returns the details of a failure. Of any other error it reveals the name alone. */
export function toFailure(error: unknown): FailureDetails {
  if (error instanceof Failure) {
    const { class: failureClass, code, message, action } = error;
    return { class: failureClass, code, message, action };
  }
  const name = error instanceof Error ? error.name : 'unknown';
  return {
    class: 'retry',
    code: 'unexpected',
    message: `An unexpected error occurred (${name}).`,
    action: "Read the function's log. The next sweep retries.",
  };
}
