import { DEFAULT_MARGINS, rotateAt } from '../../lambdas/tokens/schedule.ts';
import { nameOf } from './fleet.ts';

const HOUR = 3600;
const MINUTE = 60;

/**
 * Returns when a fleet rotates that consented within one minute, if each connection rotates as soon as it is due: for
 * each of these rotations, the share of the fleet by minute after the consents, in order.
 */
export function rotationMinutes(
  fleet: number,
  rotations: number[],
): { rotation: number; minutes: [number, number][] }[] {
  const last = Math.max(...rotations);
  const counts = new Map(rotations.map((rotation) => [rotation, new Map<number, number>()]));
  for (let index = 0; index < fleet; index += 1) {
    const connection = nameOf(index);
    let at = (index * MINUTE) / fleet;
    for (let version = 1; version <= last; version += 1) {
      at = rotateAt({ connection, version, expiresAt: at + HOUR, overlap: 'no' }, DEFAULT_MARGINS);
      const count = counts.get(version);
      const minute = Math.floor(at / MINUTE);
      count?.set(minute, (count.get(minute) ?? 0) + 1);
    }
  }
  return [...counts].map(([rotation, minutes]) => ({
    rotation,
    minutes: [...minutes]
      .toSorted(([one], [other]) => one - other)
      .map(([minute, count]) => [minute, count / fleet]),
  }));
}
