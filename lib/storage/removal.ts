import { RemovalPolicy } from 'aws-cdk-lib';
import type { Settings } from '../settings/settings.ts';

/**
 * Returns the CloudFormation policy for the setting. A resource is not retained when the deployment that creates it
 * fails: it is empty, and the next attempt creates another.
 */
export function removal({ removalPolicy }: Pick<Settings, 'removalPolicy'>): RemovalPolicy {
  return removalPolicy === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
