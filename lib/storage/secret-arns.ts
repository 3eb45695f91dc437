import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Returns the ARN pattern of the secrets whose names start with `prefix`. */
export function secretArns(scope: Construct, prefix: string): string {
  return Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${prefix}*` });
}

/** Suppresses cdk-nag's finding for each ARN pattern in a policy. A finding's id holds the pattern as cdk-nag prints it. */
export function acknowledgePatterns(scope: Construct, patterns: string[], reason: string): void {
  for (const pattern of patterns) {
    const parts = Stack.of(scope).resolve(pattern)['Fn::Join']?.[1] ?? [Stack.of(scope).resolve(pattern)];
    const printed = parts.map((part: string | { Ref: string }) =>
      typeof part === 'string' ? part : `<${part.Ref}>`,
    );
    Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${printed.join('')}]`, reason });
  }
}
