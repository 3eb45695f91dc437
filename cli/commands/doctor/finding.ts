import type { Failure } from '../../../lambdas/operator-protocol.ts';

/** In the order in which they are looked at. */
export const CHECKS = {
  aws: 'AWS credentials and Region',
  stack: 'the stack and its version',
  apps: "the apps' credentials at Zoom",
  redirect: 'the redirect URL',
  sweep: 'the schedule and its last sweep',
  connections: 'the connections',
  tokens: 'the published tokens at Zoom',
  policy: 'n8n’s policy',
  clocks: 'the clocks',
  overlap: 'what n8n’s interval leaves',
  push: 'the push to n8n',
} as const;

export type CheckName = keyof typeof CHECKS;

/** One line of the report. `note` is worth knowing, and nobody has to act. */
export interface Finding {
  check: CheckName;
  state: 'well' | 'wrong' | 'note' | 'skipped';
  message: string;
  /** What to do. */
  action?: string;
}

export const well = (check: CheckName, message: string): Finding => ({ check, state: 'well', message });
export const wrong = (check: CheckName, message: string, action: string): Finding => ({
  check,
  state: 'wrong',
  message,
  action,
});
export const note = (check: CheckName, message: string, action?: string): Finding => ({
  check,
  state: 'note',
  message,
  ...(action !== undefined && { action }),
});
export const skipped = (check: CheckName, why: string): Finding => ({
  check,
  state: 'skipped',
  message: `Skipped ${CHECKS[check]}: ${why}`,
});

export const failed = (check: CheckName, { message, action }: Pick<Failure, 'message' | 'action'>) =>
  wrong(check, message, action);
