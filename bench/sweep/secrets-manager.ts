import { ServiceError } from '../../local/aws/secrets-manager/errors.ts';
import { startSecretsManager } from '../../local/aws/secrets-manager/server.ts';
import { addLatency, clock } from './latency.ts';
import { quota } from './quota.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const WRITES_A_SECOND = 50;

export interface SecretsManagerHappenings {
  /** Writes that were throttled. */
  throttled: number;
}

/** Starts the local Secrets Manager with a latency (milliseconds) and the write quota of AWS. */
export async function startLimitedSecretsManager(latency: number) {
  const happened: SecretsManagerHappenings = { throttled: 0 };
  let take = quota(WRITES_A_SECOND, clock);
  addLatency(latency);
  const { url } = await startSecretsManager({
    now: () => Math.floor(Date.now() / 1000),
    denied(_name, operation) {
      if (operation !== 'PutSecretValue' || take()) return false;
      happened.throttled += 1;
      throw new ServiceError('ThrottlingException', 'Rate exceeded');
    },
  });
  /** Empties the token bucket, as during a backlog. */
  const begin = () => {
    take = quota(WRITES_A_SECOND, clock);
  };
  return { url, happened, begin };
}
