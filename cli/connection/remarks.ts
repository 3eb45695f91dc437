import type { ConnectionView, UnreadableItem } from '../../lambdas/operator-protocol.ts';
import { failureText, isUnlinked, readerText, readerView } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import { DAY, formatDuration, formatTime } from '../terminal/time.ts';
import { DEFAULT_INTERVAL_SECONDS } from './n8n-interval.ts';

/** A problem or a warning about a connection. */
export interface Remark {
  /** The exit status of `status` for this remark alone; 0 for a warning. */
  exitStatus: number;
  message: string;
  action: string;
}

/** Zoom's refresh tokens expire after 90 days. https://developers.zoom.us/docs/integrations/oauth/ */
export const REFRESH_TOKEN_DAYS = 90;
/** Access tokens that live 20 minutes, less the time of a request, fit into the quota of versions. Seconds. */
const LEAST_COVERED_SECONDS = 20 * 60 - 30;
/** Leaves two weeks to reach the person who must consent. */
const WARNING_DAYS = REFRESH_TOKEN_DAYS - 14;

/**
 * Returns the problems and warnings of a connection, the most severe first.
 * @param now epoch seconds, by the installation's clock
 */
export function remarks(view: ConnectionView, now: number): Remark[] {
  return [
    ...stateRemarks(view, now),
    ...appRemarks(view, now),
    ...rotationRemarks(view, now),
    ...lifetimeRemarks(view),
    ...pushRemarks(view),
    ...unlinkedRemarks(view),
    ...testRemarks(view),
    ...overlapRemarks(view),
    ...ageRemarks(view, now),
  ];
}

/** Returns the exit status for connections: a lost consent outranks a broken app, and both outrank the rest. */
export function exitStatusOf(views: ConnectionView[], now: number): number {
  const statuses = new Set(views.flatMap((view) => remarks(view, now)).map(({ exitStatus }) => exitStatus));
  return [EXIT.reconnect, EXIT.misconfigured, EXIT.failed].find((status) => statuses.has(status)) ?? EXIT.ok;
}

/** Returns the problem of an item that the functions cannot read and therefore leave alone. */
export const unreadableRemark = ({ problems }: UnreadableItem): Remark => ({
  exitStatus: EXIT.misconfigured,
  message: `The item in the table cannot be read: ${problems.join(', ')}. It is not rotated, and its tokens stay as they are.`,
  action: 'Correct these attributes in the table, or delete the item and connect again.',
});

/**
 * Returns a warning where Zoom's tokens live too short for Secrets Manager, which takes 100 versions of a secret in 24
 * hours.
 */
function lifetimeRemarks({ status, expiresAt, rotatedAt, place }: ConnectionView): Remark[] {
  const lifetime = expiresAt - rotatedAt;
  if (
    status !== 'active' ||
    place === 'none' ||
    rotatedAt === 0 ||
    lifetime <= 0 ||
    lifetime >= LEAST_COVERED_SECONDS
  )
    return [];
  return [
    {
      exitStatus: EXIT.ok,
      message: `Zoom's access tokens live ${formatDuration(lifetime)}. Secrets Manager takes 100 versions of a secret in 24 hours, so n8n is without a valid token for a part of each day.`,
      action: 'Push the tokens to n8n as well (npx zoom-tokens n8n link), which has no such limit.',
    },
  ];
}

const timeFrom = (now: number) => (at: number) => formatTime(at, now);

function stateRemarks(view: ConnectionView, now: number): Remark[] {
  const { connection, status, lastError } = view;
  if (status === 'reconnect') {
    return [
      {
        exitStatus: EXIT.reconnect,
        message: `${lastError?.message ?? 'The consent is no longer valid.'} ${readerText(view, now, timeFrom(now))}`,
        action: `Reconnect: npx zoom-tokens connect ${connection}`,
      },
    ];
  }
  if (status === 'misconfigured') {
    return [
      {
        exitStatus: EXIT.misconfigured,
        message: `${lastError?.message ?? 'The Zoom app of the connection cannot be used.'} ${readerText(view, now, timeFrom(now))}`,
        action: lastError?.action ?? `Save the app's credentials again: npx zoom-tokens setup ${view.app}`,
      },
    ];
  }
  return [];
}

/** Returns the problem of a connection whose app was taken out of the deployment, before its next rotation fails. */
function appRemarks(view: ConnectionView, now: number): Remark[] {
  const { connection, app, status, appMissing, lastError } = view;
  if (!appMissing || status !== 'active' || lastError?.code === 'app_not_deployed') return [];
  return [
    {
      exitStatus: EXIT.misconfigured,
      message: `Its Zoom app "${app}" was taken out of the deployment, so the next rotation fails. ${readerText(view, now, timeFrom(now))}`,
      action: `Add "${app}" to "apps" in cdk.json again, deploy, then run npx zoom-tokens setup ${app}. Or end the connection: npx zoom-tokens disconnect ${connection}`,
    },
  ];
}

function rotationRemarks(view: ConnectionView, now: number): Remark[] {
  const { connection, status, lastError, failures } = view;
  if (status !== 'active') return [];
  const { n8nHolds } = readerView(view, now);
  const rotateNow = `npx zoom-tokens rotate ${connection}`;
  if (lastError && failures > 0) {
    // The stored action of a retry is to wait, because n8n has a valid token.
    const isUrgent = n8nHolds !== 'valid' && lastError.class === 'retry';
    const action = isUrgent ? `The sweeps go on. To retry now: ${rotateNow}` : lastError.action;
    return [{ exitStatus: EXIT.failed, message: failureText(view, now, timeFrom(now)), action }];
  }
  // A connection that reaches no n8n has a remark of its own.
  if (n8nHolds === 'valid' || isUnlinked(view)) return [];
  const message = readerText(view, now, timeFrom(now));
  return [{ exitStatus: EXIT.failed, message, action: `Rotate it now: ${rotateNow}` }];
}

function pushRemarks(view: ConnectionView): Remark[] {
  return (view.targets ?? []).flatMap(({ instance, failures, lastError }) =>
    lastError && failures > 0
      ? [
          {
            exitStatus: lastError.class === 'misconfigured' ? EXIT.misconfigured : EXIT.failed,
            message: `Token not pushed to the n8n instance "${instance}": ${lastError.message}`,
            action: lastError.action,
          },
        ]
      : [],
  );
}

/** Returns a warning for a connection without a secret that is pushed to no n8n either. */
function unlinkedRemarks(view: ConnectionView): Remark[] {
  const { connection, status } = view;
  if (status === 'disconnected' || !isUnlinked(view)) return [];
  return [
    {
      exitStatus: EXIT.ok,
      message: 'Its token reaches no n8n: it has no secret, and it is linked to no n8n.',
      action: `Link it: npx zoom-tokens n8n link ${connection} --url https://…`,
    },
  ];
}

/** The action where n8n's own test of a credential fails: it requests `GET /v2/users/me`. */
export const TEST_ADVICE =
  'Open the credential in n8n and read its test there. A Zoom app without the scope user:read:user fails the test although its token is valid.';

/** Returns a warning for each credential whose test by n8n failed. */
function testRemarks({ targets = [], externalCredentials = [] }: ConnectionView): Remark[] {
  return [...targets, ...externalCredentials].flatMap(({ instance, credentialId, tested }) =>
    tested?.ok === false
      ? [
          {
            exitStatus: EXIT.ok,
            message: `The n8n instance "${instance}" tested the credential ${credentialId}, and the test failed: ${tested.message}`,
            action: TEST_ADVICE,
          },
        ]
      : [],
  );
}

/**
 * Returns a warning where Zoom revokes the earlier access token at each rotation and no push replaces it: n8n then
 * holds a revoked token until its next poll.
 */
export function overlapRemarks({
  connection,
  status,
  grantType,
  overlap,
  place,
  targets = [],
}: ConnectionView): Remark[] {
  const isPolled = place !== 'none' && targets.length === 0;
  const isAffected = grantType === 'authorization_code' && overlap === 'no' && isPolled;
  if (!isAffected || status === 'disconnected') return [];
  return [
    {
      exitStatus: EXIT.ok,
      message: `Zoom revokes the earlier token at each rotation, so n8n holds a revoked one until its next poll: up to ${formatDuration(DEFAULT_INTERVAL_SECONDS)} by default.`,
      action: `Set N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=30 for every n8n process, or push the token: npx zoom-tokens n8n link ${connection} --url https://…`,
    },
  ];
}

/**
 * Returns a warning before a refresh token or a consent is 90 days old. Zoom does not document whether a rotation
 * restarts the 90 days. A consent older than that proves that its rotations do, and gets no warning.
 */
function ageRemarks(view: ConnectionView, now: number): Remark[] {
  const { connection, grantType, status, rotatedAt, consentedAt } = view;
  if (grantType !== 'authorization_code' || status === 'disconnected') return [];
  const daysSince = (timestamp: number) => (now - timestamp) / DAY;
  const action = `Consent again before it expires: npx zoom-tokens connect ${connection}`;
  if (daysSince(rotatedAt) >= WARNING_DAYS) {
    const message = `The refresh token is ${formatDuration(now - rotatedAt)} old. Zoom's refresh tokens expire after ${REFRESH_TOKEN_DAYS} days.`;
    return [{ exitStatus: EXIT.failed, message, action }];
  }
  const consentDays = daysSince(consentedAt);
  if (consentDays < WARNING_DAYS || consentDays > REFRESH_TOKEN_DAYS) return [];
  const message = `The consent is ${formatDuration(now - consentedAt)} old. Zoom's refresh tokens expire after ${REFRESH_TOKEN_DAYS} days, possibly counted from the consent.`;
  return [{ exitStatus: EXIT.ok, message, action }];
}
