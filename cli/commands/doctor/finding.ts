import type { Failure } from '../../../lambdas/operator-protocol.ts';

/** The subject of each check, in the order of the checks. */
export const CHECKS = {
  aws: 'AWS credentials and Region',
  stack: 'the stack and its version',
  apps: "the apps' credentials at Zoom",
  redirect: 'the redirect URL',
  sweep: 'the schedule and its last sweep',
  keys: 'the keys and their rotation',
  rescue: 'the rescue bucket',
  audit: 'the audit log',
  alerts: 'who is notified of problems',
  connections: 'the connections',
  tokens: 'the published tokens at Zoom',
  bundles: 'the room in the bundles',
  policy: "n8n's policy",
  clocks: 'the clocks',
  overlap: "n8n's update interval",
  push: 'the push to n8n',
} as const;

export type CheckName = keyof typeof CHECKS;

/** One line of the report. A `note` needs no action. */
export interface Finding {
  check: CheckName;
  state: 'well' | 'wrong' | 'note' | 'skipped';
  message: string;
  action?: string;
}

/** Returns the finding of a check that passed. */
export const well = (check: CheckName, message: string): Finding => ({ check, state: 'well', message });

/** Returns a problem, which makes `doctor` exit with 1. */
export const wrong = (check: CheckName, message: string, action: string): Finding => ({
  check,
  state: 'wrong',
  message,
  action,
});

/** Returns a warning. */
export const note = (check: CheckName, message: string, action?: string): Finding => ({
  check,
  state: 'note',
  message,
  ...(action !== undefined && { action }),
});

/** Returns the finding of a check that could not run. @param reason sentence after `Skipped …:` */
export const skipped = (check: CheckName, reason: string): Finding => ({
  check,
  state: 'skipped',
  message: `Skipped ${CHECKS[check]}: ${reason}`,
});

/** Returns a failure as a problem. */
export const failed = (check: CheckName, { message, action }: Pick<Failure, 'message' | 'action'>) =>
  wrong(check, message, action);
