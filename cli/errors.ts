import { Failure, type FailureClass, type FailureCode } from '../lambdas/operator-protocol.ts';

/** Exit statuses. `--help` and docs/command-line.md list them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  reconnect: 3,
  misconfigured: 4,
  declined: 5,
  interrupted: 130,
  /** 128 + SIGPIPE: the status of a process that this signal ended, such as `git log` in `git log | head -1`. */
  closedPipe: 141,
} as const;

/** Wrong arguments or input. Nothing was changed. */
export class UsageError extends Failure {
  constructor(message: string, action: string) {
    super('rejected', 'usage', message, action);
  }
}

/** Thrown after Ctrl-C. The program prints nothing for it. */
export class Interrupted extends Error {}

/** Refusals of the functions after which the arguments, or what is deployed, have to be other ones. */
const USAGE_CODES: readonly FailureCode[] = [
  ...(['invalid_name', 'n8n_url_not_listed', 'n8n_instance_shared', 'push_off'] as const),
];

const EXIT_BY_CLASS: Record<FailureClass, number> = {
  reconnect: EXIT.reconnect,
  misconfigured: EXIT.misconfigured,
  retry: EXIT.failed,
  rejected: EXIT.failed,
};

/** Returns the exit status for whatever a command threw. */
export function exitStatusOfError(error: unknown): number {
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (!(error instanceof Failure)) return EXIT.failed;
  if (error instanceof UsageError || USAGE_CODES.includes(error.code)) return EXIT.usage;
  if (error.code === 'consent_declined') return EXIT.declined;
  return EXIT_BY_CLASS[error.class];
}

/** Returns the document that `--json` prints for an error. */
export function failureDocument(error: unknown) {
  const { class: failureClass, code, message, action } = toCliFailure(error);
  return { error: { class: failureClass, code, message, action } };
}

/**
 * Returns the failure itself, or a failure with the text of an unexpected error. This machine may show that text. A word
 * without end, such as a mistyped argument, is cut.
 */
export function toCliFailure(error: unknown): Failure {
  if (error instanceof Failure)
    return new Failure(error.class, error.code, cutWords(error.message), cutWords(error.action));
  return new Failure(
    'retry',
    'unexpected',
    `An unexpected error occurred: ${error instanceof Error ? error.message : String(error)}`,
    'Retry. If the error persists, report it as a bug with this line.',
  );
}

/** Longer than any address or ARN that a message names. */
const MAX_WORD = 256;
const KEPT_OF_WORD = 60;

const cutWords = (text: string): string =>
  text.replace(/[^\s"]+/g, (word) => (word.length > MAX_WORD ? `${word.slice(0, KEPT_OF_WORD)}…` : word));
