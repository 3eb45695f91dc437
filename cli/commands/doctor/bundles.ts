import type { BundleRoom } from '../../../lambdas/operator-protocol.ts';
import { bundleRemarks, roomText } from '../../connection/bundle-remarks.ts';
import { EXIT } from '../../errors.ts';
import { type Finding, note, well, wrong } from './finding.ts';

/** Bundles with room that are described one by one. */
const MAX_DESCRIBED = 5;

/** Returns which bundles are full or have outgrown their size; nothing without bundles. */
export function bundleFindings(rooms: readonly BundleRoom[]): Finding[] {
  const problems = bundleRemarks(rooms).map(({ exitStatus, message, action }) =>
    exitStatus === EXIT.ok ? note('bundles', message, action) : wrong('bundles', message, action),
  );
  const roomy = rooms.filter(({ hasRoom, excess }) => hasRoom && excess === undefined);
  if (roomy.length === 0) return problems;
  const more = roomy.length - MAX_DESCRIBED;
  const described = roomy.slice(0, MAX_DESCRIBED).map(roomText).join(', ');
  return [
    well(
      'bundles',
      `Room for more connections: ${described}${more > 0 ? ` and ${more} more ${more === 1 ? 'bundle' : 'bundles'}` : ''}.`,
    ),
    ...problems,
  ];
}
