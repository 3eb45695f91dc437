import { Failure } from '../../lambdas/operator-protocol.ts';
import { closest } from '../closest.ts';

/**
 * The Regions of all partitions. Source: the partitions of @aws-sdk/core 3.974, which exports them for no other use; a
 * test compares the two. A Region that is missing here works: the list only words an error.
 */
const REGIONS: readonly string[] = [
  ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3'],
  ...['ap-south-1', 'ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4'],
  ...['ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'ca-central-1', 'ca-west-1', 'eu-central-1'],
  ...['eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['il-central-1', 'me-central-1', 'me-south-1', 'me-west-1', 'mx-central-1', 'sa-east-1', 'sa-west-1'],
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
  ...['cn-north-1', 'cn-northwest-1', 'eusc-de-east-1', 'us-gov-east-1', 'us-gov-west-1'],
  ...['us-iso-east-1', 'us-iso-west-1', 'us-isob-east-1', 'us-isob-west-1', 'eu-isoe-west-1'],
  ...['us-isof-east-1', 'us-isof-south-1'],
];

export const isKnownRegion = (region: string): boolean => REGIONS.includes(region);

/** Returns the failure for a Region that is not in the list and whose endpoint does not resolve. */
export function regionUnknown(region: string): Failure {
  const suggestion = closest(region, REGIONS);
  return new Failure(
    'misconfigured',
    'unknown_region',
    `There is no AWS Region "${region}".${suggestion === undefined ? '' : ` Did you mean ${suggestion}?`}`,
    'Name the Region of the stack: --region, AWS_REGION, or the Region of the AWS profile (aws configure list shows it).',
  );
}
