import type { Connection, ExternalCredential, PushTarget } from '../connection.ts';
import type { FailureDetails } from '../errors.ts';
import { type Place, placeInWords } from '../publication/place.ts';
import type { StepFailure } from '../store/connections.ts';
import type { DisconnectResult } from '../store/disconnections.ts';
import type { ConsentEnd } from '../store/links.ts';
import type { HistoryEvent } from './history.ts';

/** A stored consent, or the first token of a Server-to-Server app. */
export const consented = ({ consentedAt, grantType, generation }: Connection): HistoryEvent => ({
  kind: 'consented',
  at: consentedAt,
  message: `${generation > 1 ? 'Connected again' : 'Connected'}: ${
    grantType === 'authorization_code' ? 'a Zoom user consented.' : 'Zoom granted the first token to the app.'
  }`,
});

/** A link that ended without a consent. */
export const notConsented = (connection: string, { error, at }: FailedConsent): HistoryEvent => ({
  kind: 'not_consented',
  at,
  ...detailsOf(error),
  message:
    error.code === 'consent_declined'
      ? 'The Zoom user declined.'
      : `A link led to no consent: ${error.message}`,
  action: error.action.replace(
    'Ask for a new link.',
    `Create a new link: npx zoom-tokens connect ${connection}`,
  ),
});

type FailedConsent = Extract<ConsentEnd, { kind: 'failed' }>;

/** A failed step. One after which the connection begins to wait for a person has a kind of its own. */
export const failed = (was: Connection, { status, lastError }: StepFailure, now: number): HistoryEvent => ({
  kind: status === 'reconnect' && was.status !== 'reconnect' ? 'reconnect' : 'failed',
  at: now,
  ...detailsOf(lastError),
});

/** The first step that went well after failed ones. */
export function recovered({ failures }: Connection, now: number): HistoryEvent[] {
  if (failures === 0) return [];
  return [{ kind: 'recovered', at: now, message: `Well again after ${times(failures)} failed.` }];
}

const times = (failures: number) => (failures === 1 ? 'one attempt' : `${failures} attempts`);

export const disconnected = ({ revokedAt, lastError }: DisconnectResult, now: number): HistoryEvent => ({
  kind: 'disconnected',
  at: now,
  ...(lastError && detailsOf(lastError)),
  message: `Disconnected. ${
    lastError?.message ?? (revokedAt === undefined ? '' : 'Zoom has revoked its tokens.')
  }`.trim(),
});

export const alerted = (what: string, at: number): HistoryEvent => ({
  kind: 'alerted',
  at,
  message: `People were alerted: ${what}.`,
});

/** Pushes that failed, and those that went well again. */
export function pushChanges(
  { targets: before = [] }: Connection,
  after: readonly PushTarget[] = [],
  now: number,
): HistoryEvent[] {
  return after.flatMap(({ instance, failures, lastError }): HistoryEvent[] => {
    const earlier = before.find((each) => each.instance === instance)?.failures ?? 0;
    if (failures > earlier && lastError) {
      const details = detailsOf(lastError);
      return [{ kind: 'push_failed', at: now, ...details, message: `n8n "${instance}": ${details.message}` }];
    }
    if (failures > 0 || earlier === 0) return [];
    return [{ kind: 'push_recovered', at: now, message: `n8n "${instance}" has taken the token again.` }];
  });
}

/** A connection that is published elsewhere from now on. */
export function moved({ place = 'own' }: Connection, to: Place, now: number): HistoryEvent[] {
  if (place === to) return [];
  return [{ kind: 'moved', at: now, message: `Moved from ${placeInWords(place)} to ${placeInWords(to)}.` }];
}

type Credentials = Pick<Connection, 'targets' | 'externalCredentials'>;

/** The n8n credentials that were linked or unlinked. */
export function linkChanges(before: Credentials, after: Credentials, now: number): HistoryEvent[] {
  const [old, present] = [credentialsOf(before), credentialsOf(after)];
  const missing = (from: readonly Credential[], { instance, credentialId }: Credential) =>
    !from.some((each) => each.instance === instance && each.credentialId === credentialId);
  const event = (kind: 'linked' | 'unlinked') => (credential: Credential) => ({
    kind,
    at: now,
    message: `n8n "${credential.instance}", credential ${credential.credentialId}, was ${kind}.`,
  });
  return [
    ...old.filter((each) => missing(present, each)).map(event('unlinked')),
    ...present.filter((each) => missing(old, each)).map(event('linked')),
  ];
}

type Credential = Pick<ExternalCredential, 'instance' | 'credentialId'>;

const credentialsOf = ({ targets = [], externalCredentials = [] }: Credentials): Credential[] => [
  ...targets,
  ...externalCredentials,
];

function detailsOf({ class: failureClass, code, message, action }: FailureDetails): FailureDetails {
  return { class: failureClass, code, message, action };
}
