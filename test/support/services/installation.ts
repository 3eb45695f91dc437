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

/** Starts an installation on this machine, and a command line that uses it. */
export async function startInstallation() {
  const clock = manualClock();
  const stack = await startLocalStack({ now: clock.now, speed: 1, port: 0 });
  const gateway: Gateway = await openGateway(0);
  /** Responses that replace the operator function's, by action; for states that a local stack cannot reach. */
  const responses = new Map<string, (event: object) => unknown>();
  const handler = async (event: { action: string }) =>
    responses.get(event.action)?.(event) ?? stack.operate(event);
  gateway.serve([lambdaApi([{ name: `${NAME}-operator`, handler, timeoutSeconds: 60 }], 1)]);
  const commandLine = createCommandLine({ ...stack.environment, AWS_ENDPOINT_URL_LAMBDA: gateway.url });
  const read = async (SecretId: string) => {
    const { SecretString = '' } = await stack.secretsManager.send(new GetSecretValueCommand({ SecretId }));
    return SecretString;
  };

  return {
    clock,
    stack,
    responses,
    commandLine,
    /** Returns the app's credentials as they are stored. */
    app: async (app: string): Promise<Record<string, string>> => JSON.parse(await read(`${NAME}/app/${app}`)),
    /** Returns the published token, which n8n reads. */
    token: (connection: string) => read(`n8n_zoom_${connection}`),
    /** Returns the result of `status`. */
    async status(): Promise<OperatorResults['status']> {
      const response = (await stack.operate({ action: 'status' })) as OperatorResponse<
        OperatorResults['status']
      >;
      if (!response.ok) throw new Error(response.error.message);
      return response.result;
    },
    /** Connects the Server-to-Server app. */
    connectReports: () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' }),
    /** Connects "main" with the user app, as a user does in a browser. */
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
