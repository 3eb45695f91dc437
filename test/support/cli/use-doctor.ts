import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { useInstallation } from './use-installation.ts';

interface Finding {
  check: string;
  state: string;
  message: string;
}

/** Prepares an installation for each test, and returns what tests of `zoom-tokens doctor` do with it. */
export function useDoctor() {
  const installation = useInstallation();
  const run = (...args: string[]) => installation().commandLine.run(['doctor', ...args]);
  const findings = async (...args: string[]): Promise<Finding[]> =>
    JSON.parse((await run('--json', ...args)).stdout).checks;

  return {
    installation,
    run,
    findings,

    /** Makes an installation without problems: a Server-to-Server connection, and a sweep that has just ended. */
    async makeHealthy(): Promise<void> {
      await installation().connectReports();
      await installation().stack.sweep();
    },

    /** Replaces the value of a secret. */
    async putSecret(SecretId: string, SecretString: string): Promise<void> {
      await installation().stack.secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
    },

    /** Changes the operator function's real result of an action, for states that a local stack cannot reach. */
    async changeResult<A extends keyof OperatorResults>(
      action: A,
      change: (result: OperatorResults[A]) => OperatorResults[A],
    ): Promise<void> {
      const response = await installation().stack.operate({ action });
      if (!response.ok) throw new Error(response.error.message);
      const result = change(response.result as OperatorResults[A]);
      installation().responses.set(action, () => ({ ok: true, result }));
    },
  };
}

/** Returns this machine's time, epoch seconds. */
export const wallClock = () => Math.floor(Date.now() / 1000);
