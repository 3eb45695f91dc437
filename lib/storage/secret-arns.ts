import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Returns the ARN pattern of the secrets whose names start with `prefix`. */
export function secretArns(scope: Construct, prefix: string): string {
  return Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${prefix}*` });
}

/** Returns the ARN pattern of the secret with that name: Secrets Manager adds a hyphen and six characters. */
export function secretArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${name}-??????` });
}

/** Suppresses cdk-nag's finding for each ARN pattern in a policy. A finding's id holds the pattern as cdk-nag prints it. */
export function acknowledgePatterns(scope: Construct, patterns: string[], reason: string): void {
  for (const pattern of patterns) {
    const parts = Stack.of(scope).resolve(pattern)['Fn::Join']?.[1] ?? [Stack.of(scope).resolve(pattern)];
    const printed = parts.map(printedPart);
    Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${printed.join('')}]`, reason });
  }
}

function printedPart(part: string | { Ref?: string; 'Fn::GetAtt'?: string[] }): string {
  if (typeof part === 'string') return part;
  return `<${part.Ref ?? part['Fn::GetAtt']?.join('.')}>`;
}
