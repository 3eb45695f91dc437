import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../lambdas/tokens/clock.ts';
import { secretName } from '../lambdas/tokens/n8n-names.ts';
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

interface Workflow {
  pastedToken: string;
  lastToken: string;
  calls: ZoomCall[];
}

export function createSampleN8n({
  secretsManager,
  zoomApiUrl,
  now,
}: {
  secretsManager: SecretsManagerClient;
  zoomApiUrl: string;
  now: Clock;
}): SampleN8n {
  let secrets = new Map<string, string>();
  const workflows = new Map<string, Workflow>();

  const run = async (connection: string): Promise<void> => {
    // n8n sends an empty token for a secret that it cannot read.
    const token = secrets.get(secretName(connection)) ?? '';
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
        secrets = await readValues(secretsManager, SAMPLE_CONNECTIONS.map(secretName));
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
