import type { Connection, PushTarget } from '../connection.ts';

/** Returns whether an n8n credential has an older token than the connection. */
export const isOutdated = (target: PushTarget, { version }: Pick<Connection, 'version'>): boolean =>
  target.pushedVersion < version;
