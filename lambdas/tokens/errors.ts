/**
 * Who has to act on a failure:
 * - `reconnect`: a human must consent at Zoom again;
 * - `misconfigured`: the operator must fix the app, the secret or the deployment;
 * - `retry`: nobody, the next sweep tries again;
 * - `rejected`: whoever sent the request; nothing was changed.
 */
export type FailureClass = 'reconnect' | 'misconfigured' | 'retry' | 'rejected';

/** A failure with its class. Neither `message` nor `action` ever holds a token, a code or a secret. */
export class Failure extends Error {
  override readonly name = 'TokenError';
  readonly class: FailureClass;
  /** Stable, for programs: `invalid_token`, `ticket_expired`, … */
  readonly code: string;
  /** What to do next, one sentence for a person. */
  readonly action: string;
  /** Seconds that the other side asked us to wait. */
  readonly retryAfter: number | undefined;

  constructor(
    failureClass: FailureClass,
    code: string,
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

/** The failure as it may be stored, logged and shown: what is not a `TokenError` stays private. */
export function toFailure(error: unknown): {
  class: FailureClass;
  code: string;
  message: string;
  action: string;
} {
  if (error instanceof Failure) {
    const { class: failureClass, code, message, action } = error;
    return { class: failureClass, code, message, action };
  }
  const name = error instanceof Error ? error.name : 'unknown';
  return {
    class: 'retry',
    code: 'unexpected',
    message: `Something unexpected happened (${name}).`,
    action: 'Look into the log of the function; the next sweep tries again.',
  };
}
