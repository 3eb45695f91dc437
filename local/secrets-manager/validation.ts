import type * as z from 'zod/mini';
import { ServiceError, validationException } from './errors.ts';
import { type OperationName, type Request, requests } from './model.ts';

const MUST_NOT_BE_NULL = 'Member must not be null';

/**
 * Checks a request as AWS's front end does. Messages name the member and the limit, never the value.
 * @throws SerializationException for a wrong type, ValidationException for a limit.
 */
export function validated<Operation extends OperationName>(
  operation: Operation,
  body: unknown,
): Request<Operation> {
  const result = requests[operation].safeParse(body, { error: (issue) => constraint(issue) });
  if (result.success) return result.data as Request<Operation>;
  const { issues } = result.error;
  const mistyped = issues.find(
    ({ code, message }) => code === 'invalid_type' && message !== MUST_NOT_BE_NULL,
  );
  if (mistyped) {
    throw new ServiceError('SerializationException', `${member(mistyped.path)}: ${mistyped.message}`);
  }
  const told = issues.map(
    ({ path, message }) => `Value at '${member(path)}' failed to satisfy constraint: ${message}`,
  );
  const count = `${issues.length} validation error${issues.length === 1 ? '' : 's'} detected`;
  throw validationException(`${count}: ${told.join('; ')}`);
}

function constraint(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? MUST_NOT_BE_NULL : `expected ${issue.expected}`;
    case 'too_small':
      return `Member must have ${measure(issue.origin)} greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return `Member must have ${measure(issue.origin)} less than or equal to ${issue.maximum}`;
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${issue.pattern ?? issue.format}`;
    case 'invalid_value':
      return `Member must satisfy enum value set: [${issue.values.join(', ')}]`;
    default:
      return 'Member is not valid';
  }
}

function measure(origin: string): string {
  return origin === 'number' || origin === 'int' ? 'value' : 'length';
}

/** `['Filters', 0, 'Values']` → `filters.1.member.values`, as AWS counts and spells it. */
function member(path: PropertyKey[]): string {
  if (path.length === 0) return 'request';
  return path
    .map((part) => (typeof part === 'number' ? `${part + 1}.member` : lowerFirst(String(part))))
    .join('.');
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
