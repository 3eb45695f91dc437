import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** ARN pattern of the secrets whose name begins with `prefix`. */
export function secretArns(scope: Construct, prefix: string): string {
  return Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${prefix}*` });
}

/** Tells cdk-nag why a policy under `scope` names these patterns; it knows a finding by the pattern as it prints it. */
export function acknowledgePatterns(scope: Construct, patterns: string[], reason: string): void {
  for (const pattern of patterns) {
    const parts = Stack.of(scope).resolve(pattern)['Fn::Join']?.[1] ?? [Stack.of(scope).resolve(pattern)];
    const printed = parts.map((part: string | { Ref: string }) =>
      typeof part === 'string' ? part : `<${part.Ref}>`,
    );
    Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${printed.join('')}]`, reason });
  }
}
