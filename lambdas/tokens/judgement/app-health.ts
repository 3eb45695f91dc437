/** The rolling window over which refusals and grants of an app are compared; seconds. */
const WINDOW_SECONDS = 60 * 60;
const BUCKET_SECONDS = 5 * 60;

/** Fewer refused connections than this are believed: they are users' acts. */
const LEAST_REFUSED = 3;

/** An incident ends by time after this long, seconds; then the refusals are believed. */
export const INCIDENT_SECONDS = 2 * 60 * 60;

/** Refusals and grants of five minutes. */
interface Bucket {
  /** Epoch seconds. */
  from: number;
  /** Connections that were refused for the first time. */
  refused: number;
  granted: number;
}

/** The health of one app, from its recent requests to Zoom. It outlives a sweep. Timestamps are epoch seconds. */
export interface AppHealth {
  /** Raised by each write: the fence of the next. */
  revision: number;
  buckets: Bucket[];
  /** Since when an incident at Zoom is assumed. */
  incidentSince?: number;
  /** When people were alerted of the incident that began last. */
  incidentAlertedAt?: number;
  /** The last incident ended by time. Until Zoom has granted a refresh, no other is assumed. */
  isBarred?: boolean;
  /** Zoom's rate limit: no request of the app begins before, except a probe. */
  pausedUntil?: number;
  /** When the last probe of a paused app began. */
  probedAt?: number;
  /** Names the credentials with which Zoom was asked last. */
  credentialsId?: string;
}

/** One observation of an app. */
export type AppEvent =
  /** Zoom refused a refresh token. `isFirst`: the connection was no suspect before. */
  | { kind: 'refused'; isFirst: boolean }
  /** Zoom granted tokens. `wasSuspect`: to a connection that it had refused before. `isProbe`: of a paused app. */
  | { kind: 'granted'; wasSuspect: boolean; isProbe: boolean }
  /** Zoom's rate limit (429). */
  | { kind: 'rate_limited'; until: number }
  /** A paused app is about to be probed by one request. */
  | { kind: 'probing' }
  | { kind: 'incident_alerted' }
  | { kind: 'credentials'; id: string };

export const NO_HEALTH: AppHealth = { revision: 0, buckets: [] };

/** Returns an app's health after an event at `now` (epoch seconds). */
export function addEvent(before: AppHealth, event: AppEvent, now: number): AppHealth {
  const health = settleIncident(before, now);
  switch (event.kind) {
    case 'refused': {
      const buckets = count(health.buckets, { refused: event.isFirst ? 1 : 0, granted: 0 }, now);
      return isIncidentBeginning({ ...health, buckets }, now)
        ? { ...health, buckets, incidentSince: now }
        : { ...health, buckets };
    }
    case 'granted': {
      const { incidentSince, isBarred: _, pausedUntil, probedAt, ...rest } = health;
      const buckets = count(health.buckets, { refused: 0, granted: 1 }, now);
      // The first suspect that is granted ends the incident: Zoom has recovered.
      const hasIncident = incidentSince !== undefined && !event.wasSuspect;
      // A request that was under way when the pause began says nothing about its end.
      const hasPause = pausedUntil !== undefined && !event.isProbe;
      return {
        ...rest,
        buckets,
        ...(hasIncident && { incidentSince }),
        ...(hasPause && { pausedUntil, ...(probedAt !== undefined && { probedAt }) }),
      };
    }
    case 'rate_limited':
      return { ...health, pausedUntil: Math.max(event.until, health.pausedUntil ?? 0) };
    case 'probing':
      return { ...health, probedAt: now };
    case 'incident_alerted':
      return { ...health, incidentAlertedAt: now };
    case 'credentials':
      return { ...health, credentialsId: event.id };
  }
}

/** Returns whether an incident at Zoom is assumed for the app at `now`. */
export const isIncident = (health: AppHealth, now: number): boolean =>
  settleIncident(health, now).incidentSince !== undefined;

/** Returns whether people still have to be alerted of the app's incident. */
export const isAlertDue = (health: AppHealth, now: number): boolean => {
  const { incidentSince, incidentAlertedAt = 0 } = settleIncident(health, now);
  return incidentSince !== undefined && incidentAlertedAt < incidentSince;
};

/** Returns how many connections were refused and how many refreshes granted within the window before `now`. */
export function sum(health: Pick<AppHealth, 'buckets'>, now: number): { refused: number; granted: number } {
  const recent = health.buckets.filter((bucket) => isRecent(bucket, now));
  return {
    refused: recent.reduce((total, { refused }) => total + refused, 0),
    granted: recent.reduce((total, { granted }) => total + granted, 0),
  };
}

/** Three different connections refused, and more refused than granted. */
function isIncidentBeginning(health: AppHealth, now: number): boolean {
  if (health.incidentSince !== undefined || health.isBarred) return false;
  const { refused, granted } = sum(health, now);
  return refused >= LEAST_REFUSED && refused > granted;
}

/** Ends an incident whose time is over. */
function settleIncident(health: AppHealth, now: number): AppHealth {
  const { incidentSince, ...rest } = health;
  if (incidentSince === undefined || now < incidentSince + INCIDENT_SECONDS) return health;
  return { ...rest, isBarred: true };
}

function count(buckets: Bucket[], added: Omit<Bucket, 'from'>, now: number): Bucket[] {
  const from = now - (now % BUCKET_SECONDS);
  const recent = buckets.filter((bucket) => isRecent(bucket, now));
  const present = recent.find((bucket) => bucket.from === from) ?? { from, refused: 0, granted: 0 };
  const counted = {
    from,
    refused: present.refused + added.refused,
    granted: present.granted + added.granted,
  };
  return [...recent.filter((bucket) => bucket.from !== from), counted];
}

const isRecent = ({ from }: Bucket, now: number) => from + BUCKET_SECONDS > now - WINDOW_SECONDS;
