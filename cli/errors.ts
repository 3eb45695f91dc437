import { Failure, type FailureClass } from '../lambdas/operator-protocol.ts';

/** Exit statuses. `--help` and docs/command-line.md list them. */
export const EXIT = {
  well: 0,
  failed: 1,
  usage: 2,
  reconnect: 3,
  misconfigured: 4,
  interrupted: 130,
} as const;

/** What was typed is wrong; nothing was sent anywhere. */
export class UsageError extends Failure {
  constructor(message: string, action: string) {
    super('rejected', 'usage', message, action);
  }
}

/** Ctrl-C. Says nothing. */
export class Interrupted extends Error {}

const STATUS_OF_CLASS: Record<FailureClass, number> = {
  reconnect: EXIT.reconnect,
  misconfigured: EXIT.misconfigured,
  retry: EXIT.failed,
  rejected: EXIT.failed,
};

export function exitStatus(error: unknown): number {
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (!(error instanceof Failure)) return EXIT.failed;
  if (error instanceof UsageError || error.code === 'invalid_name') return EXIT.usage;
  return STATUS_OF_CLASS[error.class];
}

/** The failure as `--json` shows it. */
export function toJson(error: unknown) {
  const { class: failureClass, code, message, action } = toCliFailure(error);
  return { error: { class: failureClass, code, message, action } };
}

/** What nobody has foreseen is shown with its message: it is the person's own machine. */
export function toCliFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    'retry',
    'unexpected',
    `Something unexpected happened: ${error instanceof Error ? error.message : String(error)}`,
    'Try again. If it stays, it is a bug: report this line.',
  );
}
