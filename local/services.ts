import { DEFAULT_NAME, PUBLISHED_SECRET_PREFIX, ROUTES } from '../lambdas/contract.ts';
import { startDynamoDB } from './aws/dynamodb.ts';
import { startS3 } from './aws/s3.ts';
import type { SecretsOptions } from './aws/secrets-manager/secrets.ts';
import { startSecretsManager } from './aws/secrets-manager/server.ts';
import { startSns } from './aws/sns.ts';
import type { Breakage } from './breakage.ts';
import { openGateway } from './gateway.ts';
import type { Journal } from './journal.ts';
import type { AppSecret, Apps, LocalStackOptions } from './local-stack.ts';
import { CODE_SECONDS } from './zoom/provider.ts';
import { startZoom } from './zoom/server.ts';

export const TABLE_NAME = `${DEFAULT_NAME}-connections`;
export const RESCUE_BUCKET = `${DEFAULT_NAME}-rescue`;

const WRITE = /^(Put|Update|Delete|TransactWrite|BatchWrite)/;

interface Service {
  close(): Promise<void>;
}

export interface LocalServicesOptions extends Omit<LocalStackOptions, 'zoom'> {
  /** The apps that the local Zoom registers; `undefined` starts no Zoom. */
  zoomApps: Apps | undefined;
  breakage: Breakage;
  journal: Journal;
}

export type LocalServices = Awaited<ReturnType<typeof startLocalServices>>;

/**
 * Starts the servers that stand in for AWS and Zoom, all on loopback.
 * Rejects with `EADDRINUSE` when a port is taken, and then leaves nothing running.
 */
export async function startLocalServices({
  now,
  speed,
  port,
  denied,
  zoomApps,
  breakage,
  journal,
}: LocalServicesOptions) {
  const running: Service[] = [];
  const close = async () => {
    // Emptied first, so that a second call closes nothing twice.
    await Promise.all(running.splice(0).map((service) => service.close()));
  };
  const started = <S extends Service>(service: S): S => {
    running.push(service);
    return service;
  };
  const portAfter = (offset: number) => (port === 0 ? 0 : port + offset);
  try {
    const gateway = started(await openGateway(port));
    const zoom =
      zoomApps &&
      started(
        await startZoom({
          port: portAfter(1),
          now,
          apps: Object.values(zoomApps).map((app) => zoomApp(app, gateway.url)),
          // A person reloads the page after an outage in real time.
          codeSeconds: CODE_SECONDS * speed,
          breakage,
        }),
      );
    const secretsManager = started(
      await startSecretsManager({
        port: portAfter(2),
        now,
        denied: denials(breakage, denied),
        kmsKey: () => (breakage.kmsKeyIsDisabled ? 'disabled' : 'usable'),
        isFull: () => breakage.versionQuotaIsReached,
      }),
    );
    const dynamodb = started(
      await startDynamoDB({
        port: portAfter(3),
        tableName: TABLE_NAME,
        faults: {
          isThrottled: (operation) => breakage.writesAreThrottled && WRITE.test(operation),
        },
      }),
    );
    // The journal is the topic's only subscriber, so that the terminal and the page show the alerts.
    const sns = started(
      await startSns({
        port: portAfter(4),
        deliver: ({ subject, message }) => journal.log.info('alert', { message: subject, text: message }),
      }),
    );
    const s3 = started(await startS3({ port: portAfter(5), bucket: RESCUE_BUCKET }));
    return { gateway, zoom, secretsManager, dynamodb, sns, s3, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const denials =
  (breakage: Breakage, denied: SecretsOptions['denied']): NonNullable<SecretsOptions['denied']> =>
  (name, operation) =>
    (breakage.publishingIsDenied &&
      name.startsWith(PUBLISHED_SECRET_PREFIX) &&
      /^(Create|Put)/.test(operation)) ||
    (denied?.(name, operation) ?? false);

/** Returns the app as it is registered at Zoom. A Server-to-Server app has an account, a user app a redirect URL. */
const zoomApp = ({ client_id, client_secret, account_id }: AppSecret, publicUrl: string) => ({
  clientId: client_id,
  clientSecret: client_secret,
  ...(account_id === undefined
    ? { redirectUris: [`${publicUrl}${ROUTES.callback}`] }
    : { accountId: account_id }),
});
