import { Aws, CfnRule, Fn, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

const INSTEAD =
  'For an n8n in another account, list that account in "n8nAccountIds": its n8n assumes the role of the output N8nRoleArn.';

/**
 * Refuses principals of another account, since a policy is attached by name: it would go to the user or role of the same name
 * in this account. A rule of the template refuses them at the deployment where the synthesis does not know the account.
 * @throws {Error} that names the principals of another account, where the stack's account is known
 */
export function requireOwnAccount(scope: Construct, principals: readonly string[]): void {
  const { account } = Stack.of(scope);
  const foreign = principals.filter((arn) => accountOf(arn) !== account);
  if (!Token.isUnresolved(account)) {
    if (foreign.length === 0) return;
    throw new Error(
      `"n8nPrincipals" must be users and roles of the stack's account, ${account}, but it has ${foreign.join(', ')}. ${INSTEAD}`,
    );
  }
  const accounts = [...new Set(principals.map(accountOf))];
  if (accounts.length === 0) return;
  new CfnRule(scope, 'PrincipalsOfThisAccount', {
    assertions: accounts.map((id) => ({
      assert: Fn.conditionEquals(Aws.ACCOUNT_ID, id),
      assertDescription: `"n8nPrincipals" must be users and roles of the stack's account, but it has one of the account ${id}. ${INSTEAD}`,
    })),
  });
}

/** Returns the account of an IAM ARN, `arn:<partition>:iam::<account>:…`. */
function accountOf(arn: string): string {
  return `${arn.split(':')[4]}`;
}
