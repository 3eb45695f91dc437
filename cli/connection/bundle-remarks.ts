import type { BundleRoom } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import type { Remark } from './remarks.ts';
import { formatCount } from './summary.ts';

/** Returns how full a bundle is, such as `"sales" (47,900 of 48,000 bytes, 50 members)`. */
export const roomText = ({ bundle, bytes, mostBytes, members }: BundleRoom): string =>
  `"${bundle}" (${formatCount(bytes)} of ${formatCount(mostBytes)} bytes, ${members} ${members === 1 ? 'member' : 'members'})`;

/** Returns what is wrong with bundles: those that have outgrown their size, then those without room for another member. */
export function bundleRemarks(rooms: readonly BundleRoom[]): Remark[] {
  return [...rooms.flatMap(outgrown), ...rooms.flatMap(full)];
}

function outgrown({ bundle, mostBytes, excess = [] }: BundleRoom): Remark[] {
  const [first] = excess;
  if (first === undefined) return [];
  return [
    {
      exitStatus: EXIT.failed,
      message: `The bundle "${bundle}" has outgrown its ${formatCount(mostBytes)} bytes: its tokens have grown, or "bundleBytes" is lower. n8n cannot read ${excess.join(', ')} in it.`,
      action: `Move each into another bundle: npx zoom-tokens bundle ${first} <bundle>, or --none for a secret of its own. The setting "bundleBytes" allows up to 65,536 bytes.`,
    },
  ];
}

function full(room: BundleRoom): Remark[] {
  const { bundle, hasRoom, newest, excess } = room;
  if (hasRoom || excess !== undefined) return [];
  return [
    {
      exitStatus: EXIT.ok,
      message: `The bundle ${roomText(room)} has no room for another connection. If its tokens grow, ${newest} drops out of it first.`,
      action: `Connect new ones with another bundle (--bundle, or the setting "defaultBundle"). To make room in "${bundle}": npx zoom-tokens bundle ${newest} <bundle>`,
    },
  ];
}
