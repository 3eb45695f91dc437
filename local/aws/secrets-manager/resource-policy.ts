import * as v from 'valibot';
import { parseJson } from '../../../lambdas/tokens/apis/http.ts';

/** The request that a policy decides about. */
export interface PolicyRequest {
  /** Such as `GetSecretValue`. */
  operation: string;
  /** ARN of the caller. */
  principal: string;
  /** ARN of the secret. */
  resource: string;
  /** Condition keys in lower case, such as `aws:principalarn`. */
  keys: Record<string, string>;
}

const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => [value].flat()),
);
const Statement = v.object({
  Effect: v.picklist(['Allow', 'Deny']),
  Principal: v.optional(v.union([v.string(), v.record(v.string(), oneOrMore)])),
  NotPrincipal: v.optional(v.union([v.string(), v.record(v.string(), oneOrMore)])),
  Action: v.optional(oneOrMore),
  NotAction: v.optional(oneOrMore),
  Resource: v.optional(oneOrMore),
  Condition: v.optional(v.record(v.string(), v.record(v.string(), oneOrMore))),
});
type Statement = v.InferOutput<typeof Statement>;
type Principals = Statement['Principal'];

const Policy = v.object({
  Statement: v.pipe(
    v.union([Statement, v.array(Statement)]),
    v.transform((statements) => [statements].flat()),
  ),
});

/** Returns whether a text is a policy document. */
export const isPolicy = (text: string): boolean => v.is(Policy, parseJson(text));

/**
 * Returns whether a resource policy denies a request explicitly. Allows are not evaluated, because an identity policy
 * allows whatever the functions do.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
export function denies(policy: string, request: PolicyRequest): boolean {
  const parsed = v.safeParse(Policy, parseJson(policy));
  return parsed.success && parsed.output.Statement.some((statement) => isDenied(statement, request));
}

function isDenied(statement: Statement, request: PolicyRequest): boolean {
  const { Effect, Principal, NotPrincipal, Action, NotAction, Resource = ['*'], Condition = {} } = statement;
  const action = `secretsmanager:${request.operation}`;
  return (
    Effect === 'Deny' &&
    (Principal === undefined ? !hasPrincipal(NotPrincipal, request) : hasPrincipal(Principal, request)) &&
    (Action === undefined ? !matchesAny(NotAction ?? ['*'], action) : matchesAny(Action, action)) &&
    matchesAny(Resource, request.resource) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(operator, request.keys[key.toLowerCase()], values)),
    )
  );
}

function hasPrincipal(principals: Principals, { principal }: PolicyRequest): boolean {
  const account = principal.split(':')[4] ?? '';
  const named = typeof principals === 'string' ? [principals] : (principals?.AWS ?? []);
  return named.some((name) => ['*', principal, account, `arn:aws:iam::${account}:root`].includes(name));
}

/**
 * Evaluates one condition. A missing key fails a positive operator and passes a negated one or `…IfExists`.
 * @throws {Error} for an operator that is not implemented here
 */
function holds(operator: string, actual: string | undefined, values: string[]): boolean {
  const [, quantified = '', negation, kind = '', ifExists] =
    /^(String|Arn|Bool)(Not)?(Equals|Like|EqualsIgnoreCase)?(IfExists)?$/.exec(operator) ?? [];
  if (quantified === '')
    throw new Error(`The stand-in does not evaluate the condition operator ${operator}.`);
  if (actual === undefined) return negation !== undefined || ifExists !== undefined;
  const isPattern = quantified === 'Arn' || kind === 'Like';
  const matches = isPattern ? matchesAny(values, actual) : values.includes(actual);
  return matches !== (negation !== undefined);
}

/** Matches wildcards as IAM does: `*` any characters, `?` one; actions without regard to case. */
function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(text);
  });
}
