import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** n8n's vault: what it knows changes when it updates, as every `N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL`. */
export interface Vault {
  /** Names and values that `$secrets` would give. */
  update(): Promise<Map<string, string>>;
  close(): void;
}

/**
 * n8n's own provider class in a process of its own, unmodified, with an access key as a person types it into n8n.
 * @param n8n folder of n8n's package
 */
export async function connectVault(n8n: string, environment: Record<string, string>): Promise<Vault> {
  const child = fork(join(import.meta.dirname, 'provider-process.cjs'), [n8n], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ask = async (request: 'connect' | 'update') => {
    child.send(request);
    const [{ known, failed }] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => [{ failed: 'its process has ended' }]),
    ]);
    if (failed !== undefined) throw new Error(`n8n's provider: ${failed}`);
    return new Map<string, string>(known);
  };
  await ask('connect');
  return { update: () => ask('update'), close: () => child.disconnect() };
}
