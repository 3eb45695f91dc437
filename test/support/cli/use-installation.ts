import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { type Installation, startInstallation } from '../services/installation.ts';

/**
 * Starts a new installation before each test of the file and closes it afterwards, so that no test depends on another.
 * After each test, checks that the command line has printed no token and no secret of the installation.
 * @returns the installation of the current test
 */
export function useInstallation(): () => Installation {
  let installation: Installation;
  beforeEach(async () => {
    installation = await startInstallation();
  });
  afterEach(async () => {
    try {
      await expectNoSecret(installation);
    } finally {
      await installation.close();
    }
  });
  return () => installation;
}

async function expectNoSecret({ stack, commandLine, app, token }: Installation): Promise<void> {
  const { SecretList = [] } = await stack.secretsManager.send(new ListSecretsCommand({ MaxResults: 100 }));
  const transcript = commandLine.transcript();
  for (const { Name = '' } of SecretList) {
    const [, appName] = /\/app\/(.+)$/.exec(Name) ?? [];
    const [, connection] = /^n8n_zoom_(.+)$/.exec(Name) ?? [];
    const secrets: (string | undefined)[] = [];
    if (appName !== undefined) {
      const { client_secret, webhook_secret_token } = await app(appName);
      secrets.push(client_secret, webhook_secret_token);
    }
    if (connection !== undefined) secrets.push(await token(connection));
    for (const secret of secrets.filter(Boolean)) expect(transcript).not.toContain(secret);
  }
}
