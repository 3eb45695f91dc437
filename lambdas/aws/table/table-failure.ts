import { Failure } from '../../tokens/errors.ts';
import { accessDenied, awsFailure, errorName, isAccessDenied, isNotFound } from '../sdk-errors.ts';

/** Returns the failure for an error of DynamoDB: the table is gone or denied, or what `awsFailure` says. */
export function tableFailure(error: unknown, attempt: 'read' | 'write'): unknown {
  if (isNotFound(error)) return tableGone(error);
  if (isAccessDenied(error)) return tableDenied(error, attempt);
  return awsFailure(error, `${attempt} the table of the connections`);
}

function tableGone(error: unknown): Failure {
  return new Failure(
    'misconfigured',
    'table_gone',
    `The table of the connections does not exist, or is still being restored (${errorName(error)}).`,
    'Restore it under its earlier name: docs/runbook.md#deleted-table has the commands.',
  );
}

function tableDenied(error: unknown, attempt: 'read' | 'write'): Failure {
  return accessDenied(
    'table_denied',
    `The function is not allowed to ${attempt} the table of the connections (${errorName(error)}).`,
  );
}
