import '../../../local/silence-powertools.ts';
import './aws-environment.ts';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { OperatorResponse, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { manualClock } from '../../../local/clock.ts';
import { type Gateway, lambdaApi, openGateway } from '../../../local/gateway.ts';
import { startLocalStack } from '../../../local/stack.ts';
import { consentAsBrowser } from '../../../local/zoom/consent.ts';
import { createCommandLine } from '../cli/command-line.ts';

const NAME = 'zoom-token-refresher';

/** An installation on this machine, and the command line that speaks with it. */
export async function startInstallation() {
  const clock = manualClock();
  const stack = await startLocalStack({ now: clock.now, speed: 1, port: 0 });
  const gateway: Gateway = await openGateway(0);
  /** What the operator function answers instead, by the action; for what the stack cannot be brought to. */
  const answers = new Map<string, (event: object) => unknown>();
  const handler = async (event: { action: string }) =>
    answers.get(event.action)?.(event) ?? stack.operate(event);
  gateway.serve([lambdaApi([{ name: `${NAME}-operator`, handler, timeoutSeconds: 60 }], 1)]);
  const commandLine = createCommandLine({ ...stack.environment, AWS_ENDPOINT_URL_LAMBDA: gateway.url });
  const read = async (SecretId: string) => {
    const { SecretString = '' } = await stack.secretsManager.send(new GetSecretValueCommand({ SecretId }));
    return SecretString;
  };

  return {
    clock,
    stack,
    answers,
    commandLine,
    /** The app's credentials, as they were saved last. */
    app: async (app: string): Promise<Record<string, string>> => JSON.parse(await read(`${NAME}/app/${app}`)),
    /** The token that n8n reads. */
    token: (connection: string) => read(`n8n_zoom_${connection}`),
    /** What `status` answers. */
    async status(): Promise<OperatorResults['status']> {
      const answer = (await stack.operate({ action: 'status' })) as OperatorResponse<
        OperatorResults['status']
      >;
      if (!answer.ok) throw new Error(answer.error.message);
      return answer.result;
    },
    /** Makes the connection of the Server-to-Server app. */
    connectReports: () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' }),
    /** Makes the connection "main", of the user app. */
    async connectMain(): Promise<void> {
      const link = (await stack.operate({ action: 'link', connection: 'main' })) as OperatorResponse<
        OperatorResults['link']
      >;
      if (!link.ok) throw new Error(link.error.message);
      await consentAsBrowser(link.result.link);
    },
    async close() {
      commandLine.close();
      await gateway.close();
      await stack.close();
    },
  };
}

export type Installation = Awaited<ReturnType<typeof startInstallation>>;
