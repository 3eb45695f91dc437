import * as z from 'zod/mini';
import type { ConnectionView } from './tokens/control.ts';
import type { describe } from './tokens/errors.ts';
import type { Outcome } from './tokens/step.ts';

const connection = z.string();
const app = z.optional(z.string());

/** What the command line sends. Who may send it is IAM's to say: `lambda:InvokeFunction`. */
export const OperatorRequest = z.discriminatedUnion('action', [
  z.object({ action: z.literal('link'), connection, app }),
  z.object({ action: z.literal('connect'), connection, app }),
  z.object({ action: z.literal('status'), connection: z.optional(connection) }),
  z.object({ action: z.literal('rotate'), connection }),
  z.object({ action: z.literal('disconnect'), connection, force: z.optional(z.boolean()) }),
]);

export type OperatorRequest = z.infer<typeof OperatorRequest>;

/** What each action answers. Instants are epoch seconds. */
export interface OperatorResults {
  link: {
    /** Opens once. */
    link: string;
    expiresAt: number;
  };
  connect: { connection: ConnectionView; outcome: Outcome['did'] };
  /** In the order of their names. */
  status: { now: number; connections: ConnectionView[] };
  rotate: { before: ConnectionView; after: ConnectionView; outcome: Outcome['did'] };
  disconnect: {
    connection: ConnectionView;
    /** Did Zoom confirm it? Where not, the connection's `lastError` says what to do. */
    revoked: boolean;
    /** When the published secret is gone for good; missing where there was none. */
    secretDeletedAt?: number;
  };
}

/** Failures are data too, so that the command line can tell what to do. */
export type OperatorAnswer<Result extends object = object> =
  | { ok: true; result: Result }
  | { ok: false; error: ReturnType<typeof describe> };
