import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A vault of n8n. It reads the secrets when it updates, which n8n does every `N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL`. */
export interface Vault {
  /** Reads the secrets. Returns the names and values that `$secrets` would give. */
  update(): Promise<Map<string, string>>;
  close(): void;
}

/**
 * Connects n8n's own provider class, unmodified, in a separate process, with an access key as n8n's form takes it.
 * @param n8n folder of n8n's package
 */
export async function connectVault(n8n: string, environment: Record<string, string>): Promise<Vault> {
  const child = fork(join(import.meta.dirname, 'provider-process.cjs'), [n8n], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const send = async (request: 'connect' | 'update') => {
    child.send(request);
    const [{ secrets, failed }] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => [{ failed: 'its process has exited' }]),
    ]);
    if (failed !== undefined) throw new Error(`n8n's provider: ${failed}`);
    return new Map<string, string>(secrets);
  };
  await send('connect');
  return { update: () => send('update'), close: () => child.disconnect() };
}
