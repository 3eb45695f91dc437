import { IAMClient, paginateListEntitiesForPolicy } from '@aws-sdk/client-iam';
import { Failure } from '../tokens/errors.ts';

/** The users, roles and groups that have the managed policy: `user/n8n`. */
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
    throw asking(error);
  } finally {
    client.destroy();
  }
}

function asking(error: unknown): Failure {
  const name = error instanceof Error ? error.name : 'unknown';
  if (/AccessDenied/.test(name)) {
    return new Failure(
      'misconfigured',
      'iam_denied',
      "The function may not ask IAM to whom n8n's policy is attached.",
      'Deploy again (npx cdk deploy); if it stays, see who changed the policies of the function.',
    );
  }
  if (/NoSuchEntity/.test(name)) {
    return new Failure(
      'misconfigured',
      'policy_gone',
      "n8n's policy no longer exists, so n8n can read no token.",
      'Deploy again: npx cdk deploy makes it. Then attach it to the user or role of n8n.',
    );
  }
  return new Failure(
    'retry',
    'iam_unavailable',
    `IAM did not say to whom n8n's policy is attached (${name}).`,
    'Check again in a few minutes.',
  );
}
