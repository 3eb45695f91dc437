import type { ConnectionView } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import { DAY, span, wallTime } from '../terminal/time.ts';
import { DEFAULT_INTERVAL_SECONDS } from './n8n-interval.ts';

/** Something about a connection that a person should know. */
export interface Remark {
  /** The exit status that it asks for; 0 where nobody has to act. */
  exit: number;
  message: string;
  action: string;
}

/** Zoom ends a refresh token after 90 days. https://developers.zoom.us/docs/integrations/oauth/ */
const REFRESH_TOKEN_DAYS = 90;
/** Two weeks in which somebody may be on holiday. */
const WARN_DAYS = REFRESH_TOKEN_DAYS - 14;

/** The gravest first. @param now epoch seconds, by the installation's clock */
export function remarks(view: ConnectionView, now: number): Remark[] {
  return [
    ...stopped(view, now),
    ...failing(view, now),
    ...unpushed(view),
    ...gap(view),
    ...ageing(view, now),
  ];
}

/** The exit status that connections ask for: a lost consent before a broken app, and that before the rest. */
export function exitOf(views: ConnectionView[], now: number): number {
  const statuses = new Set(views.flatMap((view) => remarks(view, now)).map(({ exit }) => exit));
  return (
    [EXIT.reconnect, EXIT.misconfigured, EXIT.failed].find((status) => statuses.has(status)) ?? EXIT.well
  );
}

function stopped(view: ConnectionView, now: number): Remark[] {
  const { connection, status, lastError, validUntil } = view;
  if (status === 'reconnect') {
    const rest =
      validUntil > now ? ` n8n’s token works until ${wallTime(validUntil)}.` : ' n8n’s token has ended.';
    return [
      {
        exit: EXIT.reconnect,
        message: `${lastError?.message ?? 'Its consent has ended.'}${rest}`,
        action: `A person must consent again: zoom-tokens connect ${connection}.`,
      },
    ];
  }
  if (status === 'misconfigured') {
    return [
      {
        exit: EXIT.misconfigured,
        message: lastError?.message ?? 'Its Zoom app cannot be used.',
        action: lastError?.action ?? `Write the app’s credentials again: zoom-tokens setup ${view.app}.`,
      },
    ];
  }
  return [];
}

function failing(view: ConnectionView, now: number): Remark[] {
  const { connection, status, lastError, failures, validUntil } = view;
  if (status !== 'active') return [];
  if (lastError && failures > 0) {
    const times = failures === 1 ? 'Failed once' : `Failed ${failures} times`;
    return [{ exit: EXIT.failed, message: `${times}: ${lastError.message}`, action: lastError.action }];
  }
  if (validUntil > now) return [];
  return [
    {
      exit: EXIT.failed,
      message: validUntil === 0 ? 'Its token is not published yet.' : 'n8n holds a token that has ended.',
      action: `Rotate it now: zoom-tokens rotate ${connection}.`,
    },
  ];
}

function unpushed(view: ConnectionView): Remark[] {
  return (view.targets ?? []).flatMap(({ instance, failures, lastError }) =>
    lastError && failures > 0
      ? [
          {
            exit: lastError.class === 'misconfigured' ? EXIT.misconfigured : EXIT.failed,
            message: `The n8n "${instance}" does not take its token: ${lastError.message}`,
            action: lastError.action,
          },
        ]
      : [],
  );
}

/** A rotation that ends the earlier token leaves an n8n that only reads with a dead one. */
export function gap({ connection, status, grantType, overlap, targets = [] }: ConnectionView): Remark[] {
  const isHit = grantType === 'authorization_code' && overlap === 'no' && targets.length === 0;
  if (!isHit || status === 'disconnected') return [];
  return [
    {
      exit: EXIT.well,
      message: `Zoom ends the earlier token at each rotation, so n8n holds a dead one until it reads again: ${span(DEFAULT_INTERVAL_SECONDS)} at most by default.`,
      action: `Set N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=30 for every n8n process, or push: zoom-tokens n8n link ${connection} --url https://….`,
    },
  ];
}

/**
 * Whether each rotation starts the 90 days anew is not documented. A consent that has passed them was carried on by
 * its rotations, and is not worth a word.
 */
function ageing(view: ConnectionView, now: number): Remark[] {
  const { connection, grantType, status, rotatedAt, consentedAt } = view;
  if (grantType !== 'authorization_code' || status === 'disconnected') return [];
  const age = (since: number) => (now - since) / DAY;
  const late = (days: number) => days >= WARN_DAYS && days <= REFRESH_TOKEN_DAYS;
  const action = `Consent again while it is early: zoom-tokens connect ${connection}.`;
  if (age(rotatedAt) >= WARN_DAYS) {
    const message = `Its refresh token is ${span(now - rotatedAt)} old; Zoom ends one after ${REFRESH_TOKEN_DAYS} days.`;
    return [{ exit: EXIT.failed, message, action }];
  }
  if (!late(age(consentedAt))) return [];
  const message = `The consent is ${span(now - consentedAt)} old. Zoom gives a refresh token ${REFRESH_TOKEN_DAYS} days, and may count them from the consent.`;
  return [{ exit: EXIT.well, message, action }];
}
