import { IAMClient, paginateListEntitiesForPolicy } from '@aws-sdk/client-iam';
import { Failure } from '../tokens/errors.ts';
import { accessDenied, errorName, isAccessDenied, isNotFound } from './sdk-errors.ts';

/**
 * Returns the users, roles and groups to which a managed policy is attached, such as `user/n8n`.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
 * @throws {Failure} `misconfigured` (`iam_denied`, `policy_gone`) or `retry` (`iam_unavailable`)
 */
export async function policyEntities(policyArn: string): Promise<string[]> {
  const client = new IAMClient({ maxAttempts: 2 });
  const entities: string[] = [];
  try {
    for await (const page of paginateListEntitiesForPolicy({ client }, { PolicyArn: policyArn })) {
      entities.push(
        ...(page.PolicyUsers ?? []).map(({ UserName }) => `user/${UserName}`),
        ...(page.PolicyRoles ?? []).map(({ RoleName }) => `role/${RoleName}`),
        ...(page.PolicyGroups ?? []).map(({ GroupName }) => `group/${GroupName}`),
      );
    }
    return entities;
  } catch (error) {
    throw listingFailure(error, policyArn);
  } finally {
    client.destroy();
  }
}

function listingFailure(error: unknown, policyArn: string): Failure {
  if (isAccessDenied(error)) {
    return accessDenied('iam_denied', "The function is not allowed to list who has n8n's policy.");
  }
  if (isNotFound(error)) {
    return new Failure(
      'misconfigured',
      'policy_gone',
      "n8n cannot read any token: n8n's policy no longer exists.",
      // CloudFormation does not notice that it is gone.
      `Create it again with the document that npx zoom-tokens n8n prints: aws iam create-policy --policy-name ${policyArn.split('/').at(-1)} --policy-document file://policy.json. Then attach it to the user or role of n8n.`,
    );
  }
  return new Failure(
    'retry',
    'iam_unavailable',
    `IAM did not list who has n8n's policy (${errorName(error)}).`,
    'Check again in a few minutes.',
  );
}
