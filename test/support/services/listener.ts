import { expect } from '@jest/globals';
import { deriveLinkKeys } from '../../../lambdas/tokens/sealing/keyring.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import { createFunctions, type Functions } from './handlers.ts';
import { takeOutput } from './output.ts';
import { type Services, startServices } from './services.ts';
import { printed } from './watch.ts';

/** Starts the services and listens while the connections "user" and "server" are made. */
export async function startListening() {
  const services = await startServices();
  const functions = createFunctions(services);
  const listener = createListener(services, functions);
  listener.page((await functions.connect('user')).page);
  await listener.operate({ action: 'connect', connection: 'server', app: 'reports' });
  return { services, functions, ...listener };
}

/** Collects everything that leaves the functions: log lines, metrics, pages, responses, alerts and thrown errors. */
function createListener(services: Services, functions: ReturnType<typeof createFunctions>) {
  const { watch, notifications } = services;
  const left: string[] = [];
  const { signing, cookie } = deriveLinkKeys(services.linkKey);
  for (const [name, key] of Object.entries({ signing, cookie })) watch.note(`the ${name} key`, key);

  /** Sealed tokens are no secret for readers of the table, but they belong nowhere else. */
  const noteStored = async () => {
    for (const { connection, sealedTokens } of await functions.runtime.store.list()) {
      watch.note('sealed tokens', sealedTokens);
      const tokens = await open(sealedTokens, connection, functions.runtime.openingKey);
      watch.note('a stored access token', tokens.accessToken);
      if (tokens.refreshToken) watch.note('a stored refresh token', tokens.refreshToken);
    }
  };

  return {
    page: ({ body }: { body: string }) => void left.push(body),
    async operate(request: unknown, by: Pick<Functions, 'operate'> = functions): Promise<void> {
      left.push(JSON.stringify(await by.operate(request)));
    },
    async sweep(by: Pick<Functions, 'sweep'> = functions): Promise<void> {
      await by.sweep().then(
        (report) => left.push(JSON.stringify(report)),
        (error) => left.push(...printed(error)),
      );
    },
    /** Fails if a piece of any secret has left the functions, or is in a history. */
    async expectNothingLeft(): Promise<void> {
      await noteStored();
      for (const connection of ['user', 'server']) await this.operate({ action: 'history', connection });
      const output = takeOutput();
      expect(output).not.toEqual([]);
      const alerts = notifications.map((notification) => JSON.stringify(notification));
      expect(watch.leaks([...output, ...left.splice(0), ...alerts])).toEqual([]);
    },
  };
}
