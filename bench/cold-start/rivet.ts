import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { AccountsS2SAuthClient, AwsLambdaReceiver } from '@zoom/rivet/accounts';

/**
 * The work of the rotate function with Zoom's own SDK, written as in its documentation: the AWS Lambda receiver, and a
 * token store in Secrets Manager.
 */
const secrets = new SecretsManagerClient();
const { TOKEN_SECRET = '', APP_SECRET = '', WEBHOOK_SECRET_TOKEN = '' } = process.env;

async function read(SecretId: string) {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString ?? 'null');
}

async function start() {
  const app = await read(APP_SECRET);
  const client = new AccountsS2SAuthClient({
    clientId: app.client_id,
    clientSecret: app.client_secret,
    accountId: app.account_id,
    receiver: new AwsLambdaReceiver({ webhooksSecretToken: WEBHOOK_SECRET_TOKEN }),
    tokenStore: {
      getLatestToken: () => read(TOKEN_SECRET),
      async storeToken(token) {
        await secrets.send(
          new PutSecretValueCommand({ SecretId: TOKEN_SECRET, SecretString: JSON.stringify(token) }),
        );
      },
    },
  });
  // The types hide `getToken`. The public way to get a new token also sends a request to Zoom's API.
  const { auth } = client as unknown as { auth: { getToken(): Promise<string> } };
  client.webEventConsumer?.event('account.settings_updated', async () => {
    await auth.getToken();
  });
  return client.start();
}

let receiver: ReturnType<typeof start> | undefined;

export const handler = async (...args: Parameters<Awaited<ReturnType<typeof start>>>) => {
  receiver ??= start();
  return (await receiver)(...args);
};
