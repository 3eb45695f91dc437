import { AnyPrincipal, type Conditions, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Returns a statement for the policy of a secret that denies its value to everyone whom the conditions match. */
export const denyReads = (conditions: Conditions): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['secretsmanager:GetSecretValue'],
    resources: ['*'], // In a secret's own policy, `*` is that secret.
    conditions,
  });
