import type { Failure, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { type Finding, failed, skipped, well, wrong } from './finding.ts';

/** Failures that prove that AWS accepted the credentials and the Region. */
const CODES_AFTER_AWS = new Set([
  'not_deployed',
  'older_deployment',
  'function_failed',
  'function_timeout',
  'environment',
]);

/** Returns the findings when the operator function gives no result. */
export function unreachableStackFindings(failure: Failure): Finding[] {
  if (!CODES_AFTER_AWS.has(failure.code)) {
    return [failed('aws', failure), skipped('stack', 'AWS is not accessible.')];
  }
  return [well('aws', 'AWS accepts the credentials.'), failed('stack', failure)];
}

/** @param version of this checkout */
export function stackFindings(
  about: OperatorResults['about'],
  version: string,
  region: string | undefined,
): Finding[] {
  const aws = well('aws', `AWS accepts the credentials${region === undefined ? '' : `, in ${region}`}.`);
  if (about.version === version) return [aws, well('stack', `${about.name} ${version} is deployed.`)];
  const stack = wrong(
    'stack',
    `${about.name} ${about.version} is deployed, but this checkout is version ${version}.`,
    'Deploy this version (npx cdk deploy), or use the checkout that was deployed.',
  );
  return [aws, stack];
}
