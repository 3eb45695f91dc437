import { parseAppSecret } from './aws/app-secret.ts';
import { readFirstItem, readFirstSecret } from './aws/first-reads.ts';
import { createSignedRequest } from './aws/signed-request.ts';
import { linkKey, toStoredLink } from './aws/table/link-item.ts';
import { VARIABLES } from './contract.ts';
import { askerFrom, parseEnvironment } from './environment.ts';
import { fetchByNode } from './http-client.ts';
import type { CallbackRuntime } from './runtime.ts';
import type { Clock } from './tokens/clock.ts';
import type { LinkDependencies } from './tokens/consent/stored-link.ts';
import type { Asker } from './tokens/operate/installation.ts';
import { createKeyring } from './tokens/sealing/keyring.ts';

/** The parts of the callback function's runtime that the page of a link uses. */
export interface LinkPageRuntime extends LinkDependencies {
  asker: Asker;
  zoom: { server: { issuer: string } };
}

/**
 * Builds what the page of a link needs, without a client of the SDK.
 * @param loadWhole returns the whole runtime. It reads what could not be read at the first attempt
 * @throws {Failure} `misconfigured` (`environment`)
 */
export function createLinkPageRuntime(
  loadWhole: () => Promise<CallbackRuntime>,
  environment: NodeJS.ProcessEnv = process.env,
  now: Clock = () => Math.floor(Date.now() / 1000),
): LinkPageRuntime {
  const variables = parseEnvironment(environment);
  const request = createSignedRequest(fetchByNode);
  const tableName = variables[VARIABLES.tableName];
  const appSecrets = variables[VARIABLES.appSecrets];
  const secret = async (secretId: string | undefined) =>
    secretId === undefined ? undefined : readFirstSecret(request, secretId);
  return {
    now,
    keyring: createKeyring(
      {
        linkKey: async () =>
          (await secret(variables[VARIABLES.linkKeySecretId])) ?? (await loadWhole()).vault.linkKey(),
      },
      now,
    ),
    store: {
      async link(id) {
        const link = toStoredLink(id, await readFirstItem(request, tableName, linkKey(id)));
        return link ?? (await loadWhole()).store.link(id);
      },
    },
    vault: {
      async app(app, options) {
        const secretId = appSecrets.get(app) ?? '';
        const text = await secret(appSecrets.get(app));
        return text === undefined
          ? (await loadWhole()).vault.app(app, options)
          : parseAppSecret(secretId, text);
      },
    },
    asker: askerFrom(variables),
    zoom: { server: { issuer: variables[VARIABLES.zoomOauthUrl] } },
  };
}
