import '../../support/services/output.ts';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAlerts } from '../../../lambdas/aws/sns-alerts.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { users } from '../../../local/zoom/users.ts';
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

/** The user removes the app at Zoom: it refuses the refresh token from now on. */
async function lose(connection: string, connects = true): Promise<void> {
  if (connects) await functions.connect(connection);
  const { sealedTokens = '' } = (await functions.runtime.store.get(connection)) ?? {};
  const { refreshToken = '' } = await open(sealedTokens, connection, functions.runtime.openingKey);
  await services.removeApp(refreshToken);
}
/** A sweep finds the refresh token refused. Five minutes later the next refusal confirms it. */
async function refuseOnce(connection: string, seconds = HOUR - 300): Promise<void> {
  await lose(connection);
  services.clock.advance(seconds);
  await functions.sweep();
  services.clock.advance(300);
}
const utc = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

describe('the alert for a connection that needs a new consent', () => {
  test('names the connection, the reason, since when, until when n8n has a token, and the command to run', async () => {
    const connectedAt = services.clock.now();
    await refuseOnce('main');
    expect(services.notifications).toEqual([]);
    await functions.sweep();
    const lostAt = services.clock.now() - 300;
    expect(services.notifications).toEqual([
      {
        topicArn: services.environment.ALERT_TOPIC_ARN,
        subject: 'Zoom: connect "main" again',
        message: [
          'A connection waits for a person, who must consent at Zoom again:',
          '',
          'main',
          "  Why:          Zoom revoked access, so this connection can't renew itself.",
          `  Since:        ${utc(lostAt)}`,
          `  n8n's token:  ends ${utc(connectedAt + HOUR)} at the latest`,
          '  Run:          npx zoom-tokens connect main',
          '',
          'Nothing has to be changed in n8n. The runbook says more: "Reconnect needed". This alert comes again every day while a connection waits. Each day the connection is also tried once more, in case Zoom was wrong.',
        ].join('\n'),
      },
    ]);
    expect(logLines(takeOutput())).toContainEqual(
      expect.objectContaining({ level: 'INFO', message: 'alerted', connection: 'main', generation: 1 }),
    );
  });

  test('says until when a link waits that was sent already', async () => {
    await refuseOnce('main');
    const link = { action: 'link', connection: 'main', seconds: 3 * 24 * HOUR };
    const { expiresAt } = await functions.granted<{ expiresAt: number }>(link);
    await functions.sweep();
    expect(services.notifications[0]?.message).toContain(
      `  Link:         one waits for its person until ${utc(expiresAt)} (in 3 days)\n`,
    );
  });

  test('is sent once', async () => {
    await refuseOnce('main');
    for (let minute = 0; minute < 5; minute += 1) {
      await functions.sweep();
      services.clock.advance(60);
    }
    expect(services.notifications).toHaveLength(1);
  });

  test('is followed by one message when the daily attempt finds that Zoom was wrong', async () => {
    await functions.connect('main');
    services.clock.advance(HOUR - 600);
    // A Zoom that refuses every refresh token, as in a fault at Zoom.
    const wrong = await listenOnLoopback(
      createServer((_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end('{"reason":"Invalid Token!","error":"invalid_grant"}');
      }),
    );
    const refused = createFunctions(services, { ZOOM_OAUTH_URL: wrong.url });
    for (let refusal = 0; refusal < 2; refusal += 1) {
      await refused.sweep();
      services.clock.advance(300);
    }
    await wrong.close();
    services.clock.advance(24 * HOUR);
    await functions.sweep();
    const until = services.clock.now() + HOUR;
    expect(services.notifications.map(({ subject }) => subject)).toEqual([
      'Zoom: connect "main" again',
      'Zoom: "main" recovered',
    ]);
    expect(services.notifications[1]?.message).toContain(`main\n  Token:        valid until ${utc(until)}\n`);
    expect(await services.zoomStatus(await services.published('main'))).toBe(200);
  });

  test('is sent within three minutes when an operator’s "rotate" has found the dead refresh token', async () => {
    await refuseOnce('main');
    expect(await functions.operate({ action: 'rotate', connection: 'main' })).toMatchObject({ ok: false });
    services.clock.advance(180);
    await functions.sweep();
    expect(services.notifications.map(({ subject }) => subject)).toEqual(['Zoom: connect "main" again']);
  });

  test.each([
    ['cannot be reached', () => services.nowhere],
    ['responds with an error', () => `${services.environment.ZOOM_OAUTH_URL}/no-sns`],
  ])('is sent by the next sweep when SNS %s, and the rest of the sweep goes on', async (_, endpoint) => {
    await refuseOnce('main');
    takeOutput();
    const url = process.env.AWS_ENDPOINT_URL_SNS;
    process.env.AWS_ENDPOINT_URL_SNS = endpoint();
    // A new execution environment, because the SNS client reads its endpoint when it is created.
    const report = await createFunctions(services).sweep();
    process.env.AWS_ENDPOINT_URL_SNS = url;
    expect(report).toMatchObject({ failed: { reconnect: 1 } });
    expect(logLines(takeOutput())).toContainEqual(
      expect.objectContaining({
        level: 'ERROR',
        message: expect.stringContaining('An alert could not be sent'),
      }),
    );
    await functions.sweep();
    expect(services.notifications).toHaveLength(1);
  });

  test('is not sent when the installation has no topic, and the rest of the sweep goes on', async () => {
    await refuseOnce('main');
    const { ALERT_TOPIC_ARN: _, ...environment } = services.environment;
    const { sweep } = createFunctions({ ...services, environment } as Services);
    expect(await sweep()).toMatchObject({ failed: { reconnect: 1 } });
    expect(services.notifications).toEqual([]);
  });
});

describe('the alert of an expired token', () => {
  test('is sent by name when the published token ended 15 minutes ago, and once more when it is well again', async () => {
    await functions.connect('main');
    const down = createFunctions(services, { ZOOM_OAUTH_URL: services.nowhere });
    for (let minute = 0; minute < 90; minute += 3) {
      services.clock.advance(180);
      await down.sweep();
    }
    expect(services.notifications.map(({ subject }) => subject)).toEqual([
      'Zoom: n8n holds an expired token of "main"',
    ]);
    for (let minute = 0; minute < 9; minute += 3) {
      services.clock.advance(180);
      await functions.sweep();
    }
    expect(services.notifications.slice(1).map(({ subject }) => subject)).toEqual(['Zoom: "main" recovered']);
  });
});

describe('the alert of an incident', () => {
  test('is sent at once when most connections of an app are refused', async () => {
    for (const name of ['one', 'two', 'three']) {
      await functions.connect(name, { user: users[['one', 'two', 'three'].indexOf(name)]?.display_name });
      await lose(name, false);
    }
    services.clock.advance(HOUR - 300);
    await functions.sweep();
    expect(services.notifications).toEqual([
      {
        topicArn: services.environment.ALERT_TOPIC_ARN,
        subject: 'Zoom refuses most connections of the app default',
        message: expect.stringContaining('in the last hour 3 were refused and 0 refreshes granted'),
      },
    ]);
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
    expect(notification?.message.match(/npx zoom-tokens connect c/g)).toHaveLength(20);
    expect(notification?.message).toContain('\n\nAnd 3 more. All of them: npx zoom-tokens status\n');
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
    'SNS responded without the id of the message',
  );
  process.env.AWS_ENDPOINT_URL_SNS = url;
  await cut.close();
});
