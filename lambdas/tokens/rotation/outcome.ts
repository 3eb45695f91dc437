import type { Connection } from '../connection.ts';
import type { Failure } from '../errors.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import type { PublishBundle } from '../publication/publish-places.ts';
import type { PushResult } from '../push/push.ts';
import type { Recorded } from './record-failure.ts';

export type Outcome =
  /** Not due, disconnected or waiting for a person, or another function holds the lease. */
  | { kind: 'nothing' }
  /** Zoom's rate limit pauses the app: Zoom was not asked, and the connection stays due. */
  | { kind: 'paused'; item: Connection; error: Failure }
  /** A newer consent won while Zoom was responding; its tokens stay. */
  | { kind: 'yielded'; item: Connection }
  | { kind: 'settled'; item: Connection; rotated: boolean; published: boolean; pushes?: Pushes }
  | ({
      kind: 'failed';
      item: Connection;
      error: unknown;
      rotated: boolean;
      phase: 'rotation' | 'publication';
      pushes?: Pushes;
    } & Recorded);

/** How many n8n credentials took the token, and how many did not; left out where none was asked. */
type Pushes = Pick<PushResult, 'pushed' | 'failed'>;

export interface StepOptions {
  /** When the function ends, epoch seconds; until then the commit of new tokens is retried. */
  deadline: number;
  /** Rotate now, due or not. */
  early?: boolean;
  /** Allow a connection that waits for a person: Zoom may have recovered. */
  inReconnect?: boolean;
  /** The apps as the invocation knows them; by default its own view, stored at the end of the step. */
  apps?: AppMonitor;
  /** Publishes the bundle of the connection; by default at once, for this connection alone. */
  publishBundle?: PublishBundle;
  /** The step is the one request that finds out whether a paused app may go on. */
  isProbe?: boolean;
}
