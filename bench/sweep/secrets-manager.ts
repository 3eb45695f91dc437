import { ServiceError } from '../../local/aws/secrets-manager/errors.ts';
import { startSecretsManager } from '../../local/aws/secrets-manager/server.ts';
import { clock, holdAnswers } from './answers.ts';
import { quota } from './quota.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const WRITES_A_SECOND = 50;

export interface SecretsManagerHappenings {
  /** Writes that were refused. */
  throttled: number;
}

/** The local Secrets Manager, with the latency (milliseconds) and the quota of a real one. */
export async function startLimitedSecretsManager(latency: number) {
  const happened: SecretsManagerHappenings = { throttled: 0 };
  let take = quota(WRITES_A_SECOND, clock);
  holdAnswers(latency);
  const { url } = await startSecretsManager({
    now: () => Math.floor(Date.now() / 1000),
    denied(_name, operation) {
      if (operation !== 'PutSecretValue' || take()) return false;
      happened.throttled += 1;
      throw new ServiceError('ThrottlingException', 'Rate exceeded');
    },
  });
  /** What was saved up while nothing was written is gone. */
  const begin = () => {
    take = quota(WRITES_A_SECOND, clock);
  };
  return { url, happened, begin };
}
