import type { ConnectionView, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { READERS_ACTION, unreadableByN8n } from '../n8n/vault.ts';
import { hasSecret, joinNames } from './connections.ts';
import { type Finding, failed, note, skipped, well, wrong } from './finding.ts';

/** The IAM user or role with which n8n reads. */
export interface Principal {
  account: string;
  /** In the form of the operator function's response: `user/n8n`, `role/worker`. */
  entity: string;
}

const ARN = /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):(user|role|assumed-role)\/(.+)$/;

/** Parses the ARN of a user, a role or a role's session. @throws {UsageError} */
export function parsePrincipal(arn: string): Principal {
  const [, account, kind, path] = ARN.exec(arn) ?? [];
  if (account === undefined || path === undefined) {
    throw new UsageError(
      `"${arn.slice(0, 200)}" is not the ARN of an IAM user or role.`,
      "Expected an ARN such as arn:aws:iam::111122223333:user/n8n. With n8n's credentials, aws sts get-caller-identity prints it.",
    );
  }
  const parts = path.split('/');
  // A session's ARN holds the role's name and the session's. The name of a user or role may follow a path.
  const name = kind === 'assumed-role' ? parts[0] : parts.at(-1);
  return { account, entity: `${kind === 'user' ? 'user' : 'role'}/${name}` };
}

/** @param principal undefined when no principal was passed: the finding then lists the policy's attachments */
export function policyFinding(
  { policyArn, principals = [], problem }: OperatorResults['check']['n8n'],
  principal: Principal | undefined,
  views: ConnectionView[],
): Finding {
  if (policyArn === undefined) return skipped('policy', 'a local stack has no policy.');
  if (problem) return failed('policy', problem);
  if (principal === undefined) return attachmentFinding(policyArn, principals, views);
  const { account, entity } = principal;
  const [kind, name] = entity.split('/');
  if (!policyArn.includes(`:${account}:`)) {
    return wrong(
      'policy',
      `The ${kind} ${name} belongs to the account ${account}, and the stack to another.`,
      "A policy works only in its own account. Let n8n assume a role there, and pass that role's ARN.",
    );
  }
  if (principals.includes(entity)) return well('policy', `The ${kind} ${name} has n8n's policy.`);
  const groups = principals.filter((each) => each.startsWith('group/'));
  if (kind === 'user' && groups.length > 0) {
    return note(
      'policy',
      `The user ${name} has n8n's policy only as a member of a group that has it: ${groups.join(', ')}.`,
    );
  }
  return wrong(
    'policy',
    `The ${kind} ${name} does not have n8n's policy.`,
    attachAction(policyArn, kind, name),
  );
}

function attachmentFinding(policyArn: string, principals: string[], views: ConnectionView[]): Finding {
  if (principals.length > 0) return well('policy', `n8n's policy is attached to ${principals.join(', ')}.`);
  const message = "n8n's policy is attached to no user, role or group.";
  const isPushed =
    views.some(({ targets = [] }) => targets.length > 0) || (views.length > 0 && !views.some(hasSecret));
  if (isPushed) return note('policy', `${message} The push to n8n needs no policy.`);
  return wrong('policy', message, attachAction(policyArn, 'user', '<n8n>'));
}

/** Returns the connections that n8n cannot read with its policy, because the setting `readers` names bundles. */
export function readerFindings(views: ConnectionView[], readers: readonly string[] | undefined): Finding[] {
  const unpushed = views.filter(({ targets = [] }) => targets.length === 0);
  const names = unreadableByN8n(unpushed, readers).map(({ connection }) => connection);
  if (names.length === 0) return [];
  return [
    note(
      'policy',
      `n8n's policy names bundles (setting "readers") and does not allow the secret of ${joinNames(names)}.`,
      READERS_ACTION,
    ),
  ];
}

const attachAction = (policyArn: string, kind = 'user', name = '') =>
  `Attach it: aws iam attach-${kind}-policy --${kind}-name ${name} --policy-arn ${policyArn}`;
