import type { ConnectionView } from '../../lambdas/operator-protocol.ts';

/** Returns when the token is to be replaced, epoch seconds. Another step may be due before. */
export const nextRotation = ({ dueAt, nextRotationAt = dueAt }: ConnectionView): number => nextRotationAt;
