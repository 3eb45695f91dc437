import { Stack } from 'aws-cdk-lib';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const MOST_BYTES = 4096;

/** The longest value that CloudFormation fills in: the ARN of a secret. */
const REFERENCE_BYTES = 130;

/** Returns the problem of a function whose environment variables Lambda would refuse; the settings put names into them. */
export function environmentProblems(fn: CfnFunction): string[] {
  const bytes = sizeOf(Stack.of(fn).resolve(fn.environment));
  if (bytes <= MOST_BYTES) return [];
  return [
    `The environment variables of ${fn.functionName} would take ${bytes} bytes, and Lambda allows ${MOST_BYTES}. Use fewer or shorter names in "apps", "readers" and "defaultBundle".`,
  ];
}

/** Returns the most bytes that a value takes once the template's references are filled in. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce((sum, part) => sum + sizeOf(part), 0);
  const entries = Object.entries(value ?? {});
  const [name, only] = entries[0] ?? [];
  if (name === 'Ref' || name === 'Fn::GetAtt') return REFERENCE_BYTES;
  if (name === 'Fn::Join') return sizeOf(only);
  return entries.reduce((sum, [key, each]) => sum + key.length + sizeOf(each), 0);
}
