import * as v from 'valibot';
import type { ConnectionView } from './tokens/connection-view.ts';
import type { CreatedLink } from './tokens/consent/create-link.ts';
import type { LinkOutcome } from './tokens/consent/link-outcome.ts';
import type { OpenLink, RenewedLinks } from './tokens/consent/open-links.ts';
import type { FailureDetails } from './tokens/errors.ts';
import { FLEET_STATES } from './tokens/fleet.ts';
import type { HistoryEntry } from './tokens/history/history.ts';
import type { KeyRotationView, KeyStatus } from './tokens/key-rotation/key-status.ts';
import type { KeysRotated } from './tokens/key-rotation/rotate-keys.ts';
import type { AlertTopic } from './tokens/operate/alert-topic.ts';
import type { InstallationCheck } from './tokens/operate/check-installation.ts';
import type { describeInstallation } from './tokens/operate/installation.ts';
import { KEEP_SECONDS, MAX_OVERVIEW, MAX_PROBES, SORTS } from './tokens/operate/limits.ts';
import type { Overview } from './tokens/operate/overview.ts';
import type { TokenProbe } from './tokens/operate/probe-tokens.ts';
import type { CredentialProbe } from './tokens/operate/test-credentials.ts';
import type { Place } from './tokens/publication/place.ts';
import type { LinkResult } from './tokens/push/link-n8n.ts';
import type { Outcome } from './tokens/rotation/outcome.ts';

export { isLoopback } from './contract.ts';
export { requestFailure, tlsProblem } from './tokens/apis/http.ts';
export { verifyZoomApp } from './tokens/apis/verify-zoom-app.ts';
export { createZoom } from './tokens/apis/zoom.ts';
// Of the functions, the command line imports this file and `contract.ts` alone.
export type { CredentialTest, GrantType } from './tokens/connection.ts';
export type { ConnectionView } from './tokens/connection-view.ts';
export { MAX_LINK_SECONDS, MIN_LINK_SECONDS } from './tokens/consent/link-life.ts';
export type { LinkOutcome } from './tokens/consent/link-outcome.ts';
export type { OpenLink } from './tokens/consent/open-links.ts';
export { Failure, type FailureClass, type FailureCode, type FailureDetails } from './tokens/errors.ts';
export { FLEET_STATES, type FleetState, fleetState, needsAttention } from './tokens/fleet.ts';
export type { HistoryEntry, HistoryKind } from './tokens/history/history.ts';
export { jsonMap, jsonObject } from './tokens/json-object.ts';
export type { KeyRotationView, KeyStatus } from './tokens/key-rotation/key-status.ts';
export { expression, secretOf } from './tokens/n8n-names.ts';
export { missingScopes, N8N_OPERATIONS } from './tokens/n8n-scopes.ts';
export { assertName } from './tokens/names.ts';
export type { AlertTopic } from './tokens/operate/alert-topic.ts';
export type { BundleRoom } from './tokens/operate/bundle-rooms.ts';
export type { FleetCounts } from './tokens/operate/fleet-counts.ts';
export { deployedAppSecret } from './tokens/operate/installation.ts';
export { KEEP_SECONDS, MAX_OVERVIEW, MAX_PROBES, SORTS } from './tokens/operate/limits.ts';
export type { TokenProbe } from './tokens/operate/probe-tokens.ts';
export type { CredentialProbe } from './tokens/operate/test-credentials.ts';
export { bundleOf, type Place, placeInWords, placeOf, placesOf } from './tokens/publication/place.ts';
export {
  failureText,
  isUnlinked,
  nextRotation,
  readerText,
  readerView,
  stateText,
} from './tokens/reader-view.ts';
export type { UnreadableItem } from './tokens/store/connections.ts';
export type { ZoomApp } from './tokens/vault.ts';

const connection = v.string();
const app = v.optional(v.string());
/** Place of publication: `own`, `none` or `bundle_<name>`. */
const place = v.pipe(
  v.string(),
  v.regex(/^(own|none|bundle_[a-z][a-z0-9_]{0,39})$/),
  v.transform((text) => text as Place),
);
const instance = v.string();
const filled = v.pipe(v.string(), v.nonEmpty(), v.maxLength(128));

/** A request of the command line. The IAM permission `lambda:InvokeFunction` decides who may send it. */
export const OperatorRequest = v.variant('action', [
  v.object({ action: v.literal('about') }),
  v.object({
    action: v.literal('link'),
    connection,
    app,
    place: v.optional(place),
    replaceUser: v.optional(v.boolean()),
    /** The operator consents, and reads on the last page what to paste into n8n. */
    forMe: v.optional(v.boolean()),
    /** For how long the link can be used, seconds. */
    seconds: v.optional(v.number()),
  }),
  v.object({ action: v.literal('link-outcome'), id: filled }),
  v.object({ action: v.literal('links') }),
  v.object({ action: v.literal('links-cancel'), connection }),
  v.object({ action: v.literal('links-renew') }),
  v.object({ action: v.literal('connect'), connection, app, place: v.optional(place) }),
  v.object({
    action: v.literal('move'),
    connection,
    place: v.optional(place),
    keepSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(KEEP_SECONDS.most))),
    finish: v.optional(v.boolean()),
  }),
  v.object({
    action: v.literal('status'),
    /** This connection alone. The other parameters are for a list. */
    connection: v.optional(connection),
    /** Also reads the subscribers of the alarm topic. */
    alertTopic: v.optional(v.boolean()),
    states: v.optional(v.array(v.picklist(FLEET_STATES))),
    app,
    /** Part of a name. */
    search: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(40))),
    sort: v.optional(v.picklist(['attention', ...SORTS])),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_OVERVIEW))),
    /** The cursor `next` of the page before. */
    after: v.optional(v.pipe(v.string(), v.maxLength(500))),
  }),
  v.object({
    action: v.literal('history'),
    connection,
    /** Only what happened in these last seconds. */
    seconds: v.optional(v.pipe(v.number(), v.minValue(1))),
  }),
  v.object({ action: v.literal('rotate'), connection }),
  /** `preview` changes nothing. */
  v.object({ action: v.literal('rotate-key'), preview: v.optional(v.boolean()) }),
  v.object({ action: v.literal('key-status') }),
  v.object({ action: v.literal('disconnect'), connection, force: v.optional(v.boolean()) }),
  v.object({
    action: v.literal('n8n-link'),
    connection,
    instance,
    url: v.string(),
    apiKey: v.string(),
    credentialId: v.optional(filled),
    credentialName: v.optional(filled),
    /** The credential reads the published secret: it is tested and never written. Needs `credentialId`. */
    externalSecret: v.optional(v.boolean()),
    /** Gives the instance another address, with all connections that use it. */
    move: v.optional(v.boolean()),
  }),
  v.object({ action: v.literal('n8n-unlink'), connection, instance }),
  v.object({
    action: v.literal('n8n-test'),
    connections: v.pipe(v.array(connection), v.maxLength(MAX_PROBES)),
  }),
  v.object({ action: v.literal('check'), apps: v.optional(v.array(v.string())) }),
  v.object({
    action: v.literal('probe'),
    connections: v.pipe(v.array(connection), v.maxLength(MAX_PROBES)),
  }),
]);

export type OperatorRequest = v.InferOutput<typeof OperatorRequest>;

/** The result of each action. Timestamps are epoch seconds. */
export interface OperatorResults {
  about: ReturnType<typeof describeInstallation>;
  link: CreatedLink;
  'link-outcome': LinkOutcome;
  /** The links that have not ended, the first to expire first. */
  links: { now: number; links: OpenLink[] };
  'links-cancel': { cancelled: OpenLink[] };
  'links-renew': RenewedLinks;
  connect: { connection: ConnectionView; outcome: Outcome['kind'] };
  move: { now: number; connection: ConnectionView };
  /** One connection, or a page of at most 1 MB. */
  status: Overview & {
    /** Topic and subscribers of the alerts, where the request asks for it and there is a topic. */
    alertTopic?: AlertTopic;
    /** In the first page of a list, while a rotation of the keys is under way. */
    keyRotation?: KeyRotationView;
    /** The last events of the one connection, the oldest first. */
    history?: HistoryEntry[];
  };
  /** Events of a connection, the oldest first. */
  history: { now: number; connection: string; entries: HistoryEntry[] };
  /** `created`: the credential is new in n8n, and the workflows have to use it. */
  'n8n-link': LinkResult;
  'n8n-unlink': { connection: ConnectionView };
  'n8n-test': { tested: CredentialProbe[] };
  rotate: { now: number; before: ConnectionView; after: ConnectionView; outcome: Outcome['kind'] };
  'rotate-key': KeysRotated;
  'key-status': KeyStatus;
  disconnect: {
    now: number;
    connection: ConnectionView;
    /** Whether Zoom confirmed the revocation. If not, the connection's `lastError` says what to do. */
    revoked: boolean;
    /** When the published secret is deleted permanently; absent if there was none. */
    secretDeletedAt?: number;
    /** The connection was disconnected before. What that had left was completed; mostly nothing was. */
    repeated?: boolean;
  };
  check: InstallationCheck & { keyRotation?: KeyRotationView };
  probe: { probed: TokenProbe[] };
}

/** The response of the operator function. A failure is data too, so that the command line can say what to do. */
export type OperatorResponse<Result extends object = object> =
  | { ok: true; result: Result }
  | { ok: false; error: FailureDetails };
