import '../../support/services/output.ts';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAlerts } from '../../../lambdas/aws/sns-alerts.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { logLines, takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

const HOUR = 3600;
let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  takeOutput();
});
afterEach(() => services.close());

/** The user removes the app at Zoom; the next rotation fails with `invalid_token`. */
async function lose(connection: string): Promise<void> {
  await functions.connect(connection);
  const { sealedTokens = '' } = (await functions.runtime.store.get(connection)) ?? {};
  const { refreshToken = '' } = await open(sealedTokens, connection, functions.runtime.keyring);
  await services.removeApp(refreshToken);
}
const utc = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

describe('the alert for a connection that needs a new consent', () => {
  test('names the connection, the reason, since when, until when n8n has a token, and the command to run', async () => {
    await lose('main');
    const connectedAt = services.clock.now();
    services.clock.advance(HOUR - 300);
    await functions.sweep();
    const lostAt = services.clock.now();
    expect(services.notifications).toEqual([
      {
        topicArn: services.environment.ALERT_TOPIC_ARN,
        subject: 'Zoom: connect "main" again',
        message: [
          'A connection waits for a person, who must consent at Zoom again:',
          '',
          'main',
          '  Why:          Zoom no longer accepts the refresh token.',
          `  Since:        ${utc(lostAt)}`,
          `  n8n's token:  ends ${utc(connectedAt + HOUR)} at the latest`,
          '  Run:          zoom-tokens connect main',
          '',
          'Nothing has to be changed in n8n. The runbook says more: "Reconnect needed". This comes again every day while a connection waits.',
        ].join('\n'),
      },
    ]);
    expect(logLines(takeOutput())).toContainEqual(
      expect.objectContaining({ level: 'INFO', message: 'alerted', connection: 'main', generation: 1 }),
    );
  });

  test('is sent once', async () => {
    await lose('main');
    services.clock.advance(HOUR - 300);
    await functions.sweep();
    services.clock.advance(60);
    await functions.sweep();
    expect(services.notifications).toHaveLength(1);
  });

  test('is sent within three minutes when an operator’s "rotate" has found the dead refresh token', async () => {
    await lose('main');
    expect(await functions.operate({ action: 'rotate', connection: 'main' })).toMatchObject({ ok: false });
    services.clock.advance(180);
    await functions.sweep();
    expect(services.notifications.map(({ subject }) => subject)).toEqual(['Zoom: connect "main" again']);
  });

  test.each([
    ['cannot be reached', () => services.nowhere],
    ['responds with an error', () => `${services.environment.ZOOM_OAUTH_URL}/no-sns`],
  ])('is sent by the next sweep when SNS %s, and the rest of the sweep goes on', async (_, endpoint) => {
    await lose('main');
    services.clock.advance(HOUR);
    const url = process.env.AWS_ENDPOINT_URL_SNS;
    process.env.AWS_ENDPOINT_URL_SNS = endpoint();
    // A new execution environment, because the SNS client reads its endpoint when it is created.
    const report = await createFunctions(services).sweep();
    process.env.AWS_ENDPOINT_URL_SNS = url;
    expect(report).toMatchObject({ failed: { reconnect: 1 } });
    expect(logLines(takeOutput())).toContainEqual(
      expect.objectContaining({ level: 'ERROR', message: expect.stringContaining('No alert could be sent') }),
    );
    await functions.sweep();
    expect(services.notifications).toHaveLength(1);
  });

  test('is not sent when the installation has no topic, and the rest of the sweep goes on', async () => {
    await lose('main');
    services.clock.advance(HOUR);
    const { ALERT_TOPIC_ARN: _, ...environment } = services.environment;
    const { sweep } = createFunctions({ ...services, environment } as Services);
    expect(await sweep()).toMatchObject({ failed: { reconnect: 1 } });
    expect(services.notifications).toEqual([]);
  });
});

describe('the text of an alert', () => {
  const lost = (connection: string, changed: Partial<Connection> = {}) =>
    ({
      connection,
      validUntil: 1_900_000_000,
      lastError: { class: 'reconnect', code: 'c', message: 'Why.', action: 'a', at: 1_899_999_000 },
      ...changed,
    }) as Connection;

  test('names the first twenty connections and says how many more there are', async () => {
    const items = Array.from({ length: 23 }, (_, index) => lost(`c${String(index).padStart(39, '0')}`));
    await createAlerts(services.environment.ALERT_TOPIC_ARN).reconnectNeeded(items);
    const [notification] = services.notifications;
    expect(notification?.subject).toBe('Zoom: connect 23 connections again');
    expect(notification?.message.match(/zoom-tokens connect/g)).toHaveLength(20);
    expect(notification?.message).toContain('\n\nAnd 3 more. All of them: zoom-tokens status\n');
  });

  test('has a subject short enough for SNS, even with the longest name', async () => {
    await createAlerts(services.environment.ALERT_TOPIC_ARN).reconnectNeeded([lost('a'.repeat(40))]);
    expect(services.notifications).toHaveLength(1);
  });

  test('says when n8n has never had a token', async () => {
    const unpublished = lost('new', { validUntil: 0 });
    await createAlerts(services.environment.ALERT_TOPIC_ARN).reconnectNeeded([unpublished]);
    expect(services.notifications[0]?.message).toContain("  n8n's token:  none yet\n");
  });
});

test('a truncated response of SNS counts as a failure', async () => {
  const cut = await listenOnLoopback(
    createServer((_, response) =>
      response.end('<PublishResponse><PublishResult></PublishResult></PublishResponse>'),
    ),
  );
  const url = process.env.AWS_ENDPOINT_URL_SNS;
  process.env.AWS_ENDPOINT_URL_SNS = cut.url;
  const alerts = createAlerts(services.environment.ALERT_TOPIC_ARN);
  await expect(alerts.reconnectNeeded([{ connection: 'main', validUntil: 0 } as Connection])).rejects.toThrow(
    'SNS responded without the message',
  );
  process.env.AWS_ENDPOINT_URL_SNS = url;
  await cut.close();
});
