import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../lambdas/tokens/clock.ts';
import type { Connection } from '../lambdas/tokens/connection.ts';
import { secretOf } from '../lambdas/tokens/n8n-names.ts';
import { placesAt } from '../lambdas/tokens/publication/place.ts';
import { publishedToken } from './published-token.ts';
import { readValues } from './read-as-n8n.ts';

/** The connections that `npm start` introduces. The sample n8n has one workflow for each. */
export const SAMPLE_CONNECTIONS = ['main', 'reports'] as const;

/** Seconds of the local clock between two calls. It is also n8n's default interval of reading its secrets. */
export const SECONDS_BETWEEN_CALLS = 300;

const MAX_CALLS = 30;
const TIMEOUT_MS = 5000;

/** Zoom's HTTP status of a request, or 0 without a response. */
type ZoomStatus = number;

/** Two requests to Zoom at one time (epoch seconds), which differ in their token. */
export interface ZoomCall {
  at: number;
  /** With the token that n8n has read from Secrets Manager. */
  withUs: ZoomStatus;
  /** With the first token that n8n read, as if a person had pasted it into the credential once. */
  withoutUs: ZoomStatus;
  /** Whether n8n's token is another one than at the call before. */
  isNewToken: boolean;
}

/** An n8n whose workflows call Zoom. It reads its secrets and calls Zoom only when it is told to. */
export interface SampleN8n {
  /** Reads the secrets as n8n does at its interval. Keeps the values that it has if this fails. */
  readSecrets(): Promise<void>;
  /** Calls Zoom for each connection, with the token that n8n holds and with the one that was pasted. */
  callZoom(): Promise<void>;
  /** Returns the latest calls of a connection, the oldest first. */
  callsOf(connection: string): readonly ZoomCall[];
}

type Published = Pick<Connection, 'connection' | 'place' | 'oldPlaces'>;

interface Workflow {
  pastedToken: string;
  lastToken: string;
  calls: ZoomCall[];
}

export function createSampleN8n({
  secretsManager,
  findConnection,
  zoomApiUrl,
  now,
}: {
  secretsManager: SecretsManagerClient;
  /** Returns the connection, whose place says which expression is pasted into n8n's credential. */
  findConnection: (connection: string) => Promise<Published | undefined>;
  zoomApiUrl: string;
  now: Clock;
}): SampleN8n {
  /** By connection. A connection that is only pushed has none here. */
  let tokens = new Map<string, string>();
  const workflows = new Map<string, Workflow>();

  /** Returns the token that n8n's expression gives; empty, as n8n sends it, for a secret that it cannot read. */
  const readToken = async (published: Published): Promise<string> => {
    const { connection } = published;
    // A person pastes the new expression once it works. Until then n8n reads the old place, which is kept current.
    const places = placesAt(published, now()).map((place) => ({ connection, place }));
    const secrets = places.map((each) => ({ ...each, secretName: secretOf(each) }));
    const names = secrets.flatMap(({ secretName }) => secretName ?? []);
    const values = await readValues(secretsManager, names);
    return secrets.map((each) => publishedToken(values, each)).find((token) => token !== undefined) ?? '';
  };

  const run = async (connection: string): Promise<void> => {
    const token = tokens.get(connection);
    if (token === undefined) {
      workflows.delete(connection);
      return;
    }
    const workflow = workflows.get(connection) ?? { pastedToken: token, lastToken: token, calls: [] };
    if (workflow.pastedToken === '') return;
    workflows.set(connection, workflow);
    const at = now();
    const [withUs, withoutUs] = await Promise.all([
      call(zoomApiUrl, token),
      call(zoomApiUrl, workflow.pastedToken),
    ]);
    workflow.calls.push({ at, withUs, withoutUs, isNewToken: token !== workflow.lastToken });
    if (workflow.calls.length > MAX_CALLS) workflow.calls.shift();
    workflow.lastToken = token;
  };

  return {
    async readSecrets() {
      try {
        const found = await Promise.all(SAMPLE_CONNECTIONS.map(findConnection));
        const readable = found.filter((each) => each !== undefined).filter(({ place }) => place !== 'none');
        tokens = new Map(
          await Promise.all(readable.map(async (each) => [each.connection, await readToken(each)] as const)),
        );
      } catch {
        // n8n keeps the values that it has.
      }
    },
    async callZoom() {
      await Promise.all(SAMPLE_CONNECTIONS.map(run));
    },
    callsOf: (connection) => workflows.get(connection)?.calls ?? [],
  };
}

async function call(zoomApiUrl: string, token: string): Promise<ZoomStatus> {
  try {
    const response = await fetch(`${zoomApiUrl}/v2/users/me`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
