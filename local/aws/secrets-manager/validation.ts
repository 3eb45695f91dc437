import * as v from 'valibot';
import { ServiceError, validationException } from './errors.ts';
import { type OperationName, type Request, requests } from './model.ts';

/** Prefix of the message for a wrong type. */
const EXPECTED = 'expected ';

/**
 * Validates a request as AWS's front end does and returns it. Messages name the member and the limit, never the value.
 * @throws {ServiceError} SerializationException for a wrong type, ValidationException for a limit
 */
export function validated<Operation extends OperationName>(
  operation: Operation,
  body: unknown,
): Request<Operation> {
  const result = v.safeParse(requests[operation], body, { message: constraint });
  if (result.success) return result.output as Request<Operation>;
  const { issues } = result;
  const mistyped = issues.find(({ message }) => message.startsWith(EXPECTED));
  if (mistyped) throw new ServiceError('SerializationException', `${member(mistyped)}: ${mistyped.message}`);
  const told = issues.map(
    (issue) => `Value at '${member(issue)}' failed to satisfy constraint: ${issue.message}`,
  );
  const count = `${issues.length} validation error${issues.length === 1 ? '' : 's'} detected`;
  throw validationException(`${count}: ${told.join('; ')}`);
}

function constraint({ type, input, expected, requirement }: v.BaseIssue<unknown>): string {
  switch (type) {
    case 'min_length':
      return `Member must have length greater than or equal to ${requirement}`;
    case 'max_length':
    case 'max_bytes':
      return `Member must have length less than or equal to ${requirement}`;
    case 'min_value':
      return `Member must have value greater than or equal to ${requirement}`;
    case 'max_value':
      return `Member must have value less than or equal to ${requirement}`;
    case 'regex':
      return `Member must satisfy regular expression pattern: ${requirement}`;
    case 'base64':
      return 'Member must satisfy regular expression pattern: base64';
    case 'integer':
      return `${EXPECTED}int`;
    default:
      if (input === undefined) return 'Member must not be null';
      return EXPECTED + (type === 'custom' ? 'object' : lowerFirst(String(expected)));
  }
}

/** Formats a path as AWS does: `['Filters', 0, 'Values']` is `filters.1.member.values`. */
function member({ path }: v.BaseIssue<unknown>): string {
  if (!path) return 'request';
  return path
    .map(({ key: part }) => (typeof part === 'number' ? `${part + 1}.member` : lowerFirst(String(part))))
    .join('.');
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
