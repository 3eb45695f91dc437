import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { KmsKeyState } from '../../../../local/aws/secrets-manager/secrets.ts';
import { startSecretsManager } from '../../../../local/aws/secrets-manager/server.ts';

/** The stand-in on a clock that only `pass` moves, and the unmodified SDK's client for it. */
export async function standIn(denied?: (secretName: string, operation: string) => boolean) {
  let seconds = Date.UTC(2030, 0, 1, 12, 30) / 1000;
  const switches: { kmsKey: KmsKeyState; caller: string; latencyMs: number } = {
    kmsKey: 'usable',
    caller: 'arn:aws:iam::111122223333:role/function',
    latencyMs: 0,
  };
  const server = await startSecretsManager({
    now: () => seconds,
    region: 'eu-central-1',
    accountId: '111122223333',
    kmsKey: () => switches.kmsKey,
    caller: () => switches.caller,
    latencyMs: () => switches.latencyMs,
    ...(denied && { denied }),
  });
  const aws = new SecretsManager({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return {
    aws,
    url: server.url,
    now: () => seconds,
    switches,
    /** The date that is `ahead` seconds from now. */
    date: (ahead = 0) => new Date((seconds + ahead) * 1000),
    pass: (duration: number) => {
      seconds += duration;
    },
    close: async () => {
      aws.destroy();
      await server.close();
    },
  };
}

/** A ClientRequestToken that is easy to recognize: `token(1)` ends with 1. */
export const token = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const DAY = 24 * 60 * 60;
