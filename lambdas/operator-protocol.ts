import * as v from 'valibot';
import type { ConnectionView } from './tokens/connection-view.ts';
import type { FailureDetails } from './tokens/errors.ts';
import type { InstallationCheck } from './tokens/operate/check-installation.ts';
import type { describeInstallation } from './tokens/operate/installation.ts';
import { MAX_PROBES, type TokenProbe } from './tokens/operate/probe-tokens.ts';
import type { Outcome } from './tokens/rotation/step.ts';

export { verifyZoomApp } from './tokens/apis/verify-zoom-app.ts';
export { createZoom } from './tokens/apis/zoom.ts';
// The command line imports this file and `contract.ts`, and nothing else of the functions.
export { assertName, type GrantType } from './tokens/connection.ts';
export type { ConnectionView } from './tokens/connection-view.ts';
export { LINK_SECONDS } from './tokens/consent/link-ticket.ts';
export { Failure, type FailureClass, type FailureCode, type FailureDetails } from './tokens/errors.ts';
export { jsonObject } from './tokens/json-object.ts';
export { isLoopback } from './tokens/loopback.ts';
export { expression } from './tokens/n8n-names.ts';
export { MAX_PROBES, type TokenProbe } from './tokens/operate/probe-tokens.ts';
export type { ZoomApp } from './tokens/vault.ts';

const connection = v.string();
const app = v.optional(v.string());
const instance = v.string();
const filled = v.pipe(v.string(), v.nonEmpty(), v.maxLength(128));

/** What the command line sends. Who may send it is IAM's to say: `lambda:InvokeFunction`. */
export const OperatorRequest = v.variant('action', [
  v.object({ action: v.literal('about') }),
  v.object({ action: v.literal('link'), connection, app, replaceUser: v.optional(v.boolean()) }),
  v.object({ action: v.literal('connect'), connection, app }),
  v.object({ action: v.literal('status'), connection: v.optional(connection) }),
  v.object({ action: v.literal('rotate'), connection }),
  v.object({ action: v.literal('disconnect'), connection, force: v.optional(v.boolean()) }),
  v.object({
    action: v.literal('n8n-link'),
    connection,
    instance,
    url: v.string(),
    apiKey: v.string(),
    credentialId: v.optional(filled),
    credentialName: v.optional(filled),
  }),
  v.object({ action: v.literal('n8n-unlink'), connection, instance }),
  v.object({ action: v.literal('check'), apps: v.optional(v.array(v.string())) }),
  v.object({
    action: v.literal('probe'),
    connections: v.pipe(v.array(connection), v.maxLength(MAX_PROBES)),
  }),
]);

export type OperatorRequest = v.InferOutput<typeof OperatorRequest>;

/** What each action answers. Instants are epoch seconds. */
export interface OperatorResults {
  about: ReturnType<typeof describeInstallation>;
  link: {
    /** Opens once. */
    link: string;
    expiresAt: number;
    /** The connection's before, 0 where there is none: the consent is done once it is higher. */
    generation: number;
  };
  connect: { connection: ConnectionView; outcome: Outcome['kind'] };
  /** In the order of their names. */
  status: { now: number; connections: ConnectionView[] };
  /** `created`: the credential is new in n8n, and the workflows need it. */
  'n8n-link': { connection: ConnectionView; credentialId: string; created: boolean };
  'n8n-unlink': { connection: ConnectionView };
  rotate: { before: ConnectionView; after: ConnectionView; outcome: Outcome['kind'] };
  disconnect: {
    connection: ConnectionView;
    /** Did Zoom confirm it? Where not, the connection's `lastError` says what to do. */
    revoked: boolean;
    /** When the published secret is gone for good; missing where there was none. */
    secretDeletedAt?: number;
  };
  check: InstallationCheck;
  probe: { probed: TokenProbe[] };
}

/** Failures are data too, so that the command line can tell what to do. */
export type OperatorResponse<Result extends object = object> =
  | { ok: true; result: Result }
  | { ok: false; error: FailureDetails };
