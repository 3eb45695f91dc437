import { RemovalPolicy } from 'aws-cdk-lib';
import type { Settings } from '../settings/settings.ts';

/** A deployment that fails at its very first resource keeps nothing: the names are free for the next attempt. */
export function removal({ removalPolicy }: Pick<Settings, 'removalPolicy'>): RemovalPolicy {
  return removalPolicy === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
