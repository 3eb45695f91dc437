import type { ConnectionView, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { type Finding, failed, note, skipped, well, wrong } from './finding.ts';

/** A user or role with which n8n reads. */
export interface Principal {
  account: string;
  /** As IAM's answer names it: `user/n8n`. */
  entity: string;
}

const ARN = /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):(user|role|assumed-role)\/(.+)$/;

/** @throws {UsageError} */
export function readPrincipal(arn: string): Principal {
  const [, account, kind, path] = ARN.exec(arn) ?? [];
  if (account === undefined || path === undefined) {
    throw new UsageError(
      `"${arn.slice(0, 200)}" is not the ARN of an IAM user or role.`,
      'It looks like arn:aws:iam::111122223333:user/n8n; aws sts get-caller-identity tells it, with n8n’s credentials.',
    );
  }
  const parts = path.split('/');
  // A session's ARN is its role's name and its own; a user or role may have a path before its name.
  const name = kind === 'assumed-role' ? parts[0] : parts.at(-1);
  return { account, entity: `${kind === 'user' ? 'user' : 'role'}/${name}` };
}

/** @param principal undefined where none was given: then it is told who has the policy */
export function policyFinding(
  { policyArn, principals = [], problem }: OperatorResults['check']['n8n'],
  principal: Principal | undefined,
  views: ConnectionView[],
): Finding {
  if (policyArn === undefined) return skipped('policy', 'a local stack has none.');
  if (problem) return failed('policy', problem);
  if (principal === undefined) return whoHasIt(policyArn, principals, views);
  const { account, entity } = principal;
  const [kind, name] = entity.split('/');
  if (!policyArn.includes(`:${account}:`)) {
    return wrong(
      'policy',
      `The ${kind} ${name} is of the account ${account}, and the stack is in another.`,
      'A policy works in its own account: let n8n assume a role there, and give the role’s ARN.',
    );
  }
  if (principals.includes(entity)) return well('policy', `The ${kind} ${name} has n8n’s policy.`);
  const groups = principals.filter((each) => each.startsWith('group/'));
  if (kind === 'user' && groups.length > 0) {
    return note(
      'policy',
      `The user ${name} has n8n’s policy only if it is in a group that has: ${groups.join(', ')}.`,
    );
  }
  return wrong('policy', `The ${kind} ${name} does not have n8n’s policy.`, attach(policyArn, kind, name));
}

function whoHasIt(policyArn: string, principals: string[], views: ConnectionView[]): Finding {
  if (principals.length > 0) return well('policy', `n8n’s policy is attached to ${principals.join(', ')}.`);
  const text = 'n8n’s policy is attached to nobody.';
  const isPushed = views.some(({ targets = [] }) => targets.length > 0);
  if (isPushed) return note('policy', `${text} The push to n8n needs none.`);
  return wrong('policy', text, attach(policyArn, 'user', '<n8n>'));
}

const attach = (policyArn: string, kind = 'user', name = '') =>
  `Attach it: aws iam attach-${kind}-policy --${kind}-name ${name} --policy-arn ${policyArn}.`;
