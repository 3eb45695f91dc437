import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** ARN pattern of the secrets whose name begins with `prefix`. */
export function secretArns(scope: Construct, prefix: string): string {
  return Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${prefix}*` });
}
