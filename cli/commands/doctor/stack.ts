import type { Failure, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { type Finding, failed, skipped, well, wrong } from './finding.ts';

/** The failures that tell that AWS itself took the request. */
const BEYOND_AWS = new Set(['not_deployed', 'older_deployment', 'function_failed', 'function_timeout']);

/** The function that refuses to answer at all: credentials and Region are proven by every other answer. */
export function refusedStack(error: Failure): Finding[] {
  if (!BEYOND_AWS.has(error.code) && error.code !== 'environment') {
    return [failed('aws', error), skipped('stack', 'AWS cannot be asked.')];
  }
  return [well('aws', 'AWS accepts the credentials.'), failed('stack', error)];
}

/** @param version of this checkout */
export function foundStack(
  about: OperatorResults['about'],
  version: string,
  region: string | undefined,
): Finding[] {
  const aws = well('aws', `AWS accepts the credentials${region === undefined ? '' : `, in ${region}`}.`);
  if (about.version === version) return [aws, well('stack', `${about.name} ${version} is deployed.`)];
  const stack = wrong(
    'stack',
    `${about.name} ${about.version} is deployed, and this checkout is ${version}.`,
    'Deploy this version (npx cdk deploy), or use the checkout that was deployed.',
  );
  return [aws, stack];
}
