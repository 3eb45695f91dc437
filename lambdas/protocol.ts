import * as z from 'zod/mini';
import type { Check } from './tokens/check.ts';
import type { ConnectionView } from './tokens/control.ts';
import type { describe } from './tokens/errors.ts';
import type { about } from './tokens/installation.ts';
import { MOST_PROBED, type Probed } from './tokens/probe.ts';
import type { Outcome } from './tokens/step.ts';

const connection = z.string();
const app = z.optional(z.string());
const instance = z.string();
const filled = z.string().check(z.minLength(1), z.maxLength(128));

/** What the command line sends. Who may send it is IAM's to say: `lambda:InvokeFunction`. */
export const OperatorRequest = z.discriminatedUnion('action', [
  z.object({ action: z.literal('about') }),
  z.object({ action: z.literal('link'), connection, app, replaceUser: z.optional(z.boolean()) }),
  z.object({ action: z.literal('connect'), connection, app }),
  z.object({ action: z.literal('status'), connection: z.optional(connection) }),
  z.object({ action: z.literal('rotate'), connection }),
  z.object({ action: z.literal('disconnect'), connection, force: z.optional(z.boolean()) }),
  z.object({
    action: z.literal('n8n-link'),
    connection,
    instance,
    url: z.string(),
    apiKey: z.string(),
    credentialId: z.optional(filled),
    credentialName: z.optional(filled),
  }),
  z.object({ action: z.literal('n8n-unlink'), connection, instance }),
  z.object({ action: z.literal('check'), apps: z.optional(z.array(z.string())) }),
  z.object({
    action: z.literal('probe'),
    connections: z.array(connection).check(z.maxLength(MOST_PROBED)),
  }),
]);

export type OperatorRequest = z.infer<typeof OperatorRequest>;

/** What each action answers. Instants are epoch seconds. */
export interface OperatorResults {
  about: ReturnType<typeof about>;
  link: {
    /** Opens once. */
    link: string;
    expiresAt: number;
    /** The connection's before, 0 where there is none: the consent is done once it is higher. */
    generation: number;
  };
  connect: { connection: ConnectionView; outcome: Outcome['did'] };
  /** In the order of their names. */
  status: { now: number; connections: ConnectionView[] };
  /** `created`: the credential is new in n8n, and the workflows need it. */
  'n8n-link': { connection: ConnectionView; credentialId: string; created: boolean };
  'n8n-unlink': { connection: ConnectionView };
  rotate: { before: ConnectionView; after: ConnectionView; outcome: Outcome['did'] };
  disconnect: {
    connection: ConnectionView;
    /** Did Zoom confirm it? Where not, the connection's `lastError` says what to do. */
    revoked: boolean;
    /** When the published secret is gone for good; missing where there was none. */
    secretDeletedAt?: number;
  };
  check: Check;
  probe: { probed: Probed[] };
}

/** Failures are data too, so that the command line can tell what to do. */
export type OperatorAnswer<Result extends object = object> =
  | { ok: true; result: Result }
  | { ok: false; error: ReturnType<typeof describe> };
