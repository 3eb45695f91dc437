import { DefaultStackSynthesizer, Fn, Lazy, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type ISecret, ResourcePolicy, Secret, type SecretProps } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { denyReads } from './deny-reads.ts';

interface ProtectedSecretProps extends SecretProps {
  /** ARN of a secret to take over in place of a new one. */
  readonly existingArn: string | undefined;
  readonly removalPolicy: RemovalPolicy;
  /** ARNs of the roles that may read the value; complete at synthesis. */
  readonly readers: readonly string[];
  /** ARNs of the roles that deploy the stack besides the execution role of the CDK. */
  readonly deployers: readonly string[];
  readonly whyNoRotation: string;
}

/**
 * Creates a secret, or takes over an existing one, and denies its value even to a principal with `GetSecretValue` on every
 * secret, as n8n's own sample policy allows. The policy of an existing secret names the roles of a deleted stack, so it is
 * replaced.
 */
export function protectedSecret(
  scope: Construct,
  id: string,
  { existingArn, readers, deployers, whyNoRotation, ...props }: ProtectedSecretProps,
): ISecret {
  const secret = (
    existingArn === undefined
      ? new Secret(scope, id, props)
      : Secret.fromSecretCompleteArn(scope, id, existingArn)
  ) as ISecret; // The CDK's own types do not agree with `exactOptionalPropertyTypes`.
  const policy = new ResourcePolicy(secret, 'Policy', { secret });
  const spared = Lazy.list({ produce: () => [...readers, ...executionRole(scope), ...deployers] });
  // For an assumed role, this condition key holds the ARN of the role, not of the session.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
  policy.document.addStatements(denyReads({ ArnNotEquals: { 'aws:PrincipalArn': spared } }));
  // A retained secret must retain its policy.
  policy.applyRemovalPolicy(props.removalPolicy);
  Validations.of(secret).acknowledge({ id: 'AwsSolutions-SMG4', reason: whyNoRotation });
  return secret;
}

/**
 * Returns the role as which CloudFormation deploys the stack; none without the CDK's bootstrap roles. Its handlers of secrets
 * list `GetSecretValue`, and whoever deploys can remove the policy anyway.
 */
function executionRole(scope: Construct): string[] {
  const { synthesizer } = Stack.of(scope);
  return synthesizer instanceof DefaultStackSynthesizer
    ? [Fn.sub(synthesizer.cloudFormationExecutionRoleArn)]
    : [];
}
