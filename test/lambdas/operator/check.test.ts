import '../../support/services/output.ts';
import { createServer } from 'node:http';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import type { InstallationCheck } from '../../../lambdas/tokens/operate/check-installation.ts';
import { type S3Error, startS3 } from '../../../local/aws/s3.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { startIam } from '../../support/services/iam-server.ts';
import { startLogs } from '../../support/services/logs-server.ts';
import { takeOutput } from '../../support/services/output.ts';
import { APP_PREFIX, appSecrets, type Services, startServices } from '../../support/services/services.ts';

const POLICY = 'arn:aws:iam::111122223333:policy/n8n';

let services: Services;
let iam: Awaited<ReturnType<typeof startIam>>;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  iam = await startIam();
  functions = createFunctions(services, {
    VERSION: '1.2.3',
    N8N_POLICY_ARN: POLICY,
    SWEEP_RATE_MINUTES: '2',
  });
});
afterEach(async () => {
  iam.close();
  await services.close();
});

const check = (request: { apps?: string[] } = {}, by = functions) =>
  by.granted<InstallationCheck>({ action: 'check', ...request });
const appIn = (checked: InstallationCheck, name: string) => checked.apps.find(({ app }) => app === name);
/** Connects "server" with an app of its own, whose secret is `used`. */
const connectUsed = async () => {
  await services.writeSecret(`${APP_PREFIX}used`, JSON.stringify(services.apps.server));
  await functions.granted({ action: 'connect', connection: 'server', app: 'used' });
};

describe('the keys', () => {
  test('are no finding while both can be read', async () => {
    expect(await check()).not.toHaveProperty('keyProblems');
  });

  test.each(['SEALING_KEY_SECRET_ID', 'LINK_KEY_SECRET_ID'] as const)(
    'are read without a cache: a warm function tells that %s is scheduled for deletion',
    async (variable) => {
      await functions.connect('main');
      const SecretId = services.environment[variable];
      await services.secretsManager.send(new DeleteSecretCommand({ SecretId }));
      expect((await check()).keyProblems).toEqual([
        expect.objectContaining({
          code: 'secret_being_deleted',
          action: `Restore it: aws secretsmanager restore-secret --secret-id ${SecretId}`,
        }),
      ]);
    },
  );

  test('that do not exist any more are named, with no advice to write credentials into them', async () => {
    const gone = createFunctions(services, { SEALING_KEY_SECRET_ID: 'gone/a', LINK_KEY_SECRET_ID: 'gone/b' });
    const { keyProblems = [] } = await check({}, gone);
    expect(keyProblems.map(({ code, message }) => [code, message])).toEqual([
      ['key_missing', 'The secret of the sealing key, "gone/a", does not exist or has no value.'],
      ['key_missing', 'The secret of the link key, "gone/b", does not exist or has no value.'],
    ]);
    expect(JSON.stringify(keyProblems)).not.toContain('client_id');
  });
});

describe('the check of the rescue bucket', () => {
  /** Checks with a bucket that has these objects. */
  const checkWith = async (
    from: ReadonlyMap<string, Buffer>,
    failing: (operation: string) => S3Error | undefined = () => undefined,
  ) => {
    const bucket = services.environment.RESCUE_BUCKET;
    const s3 = await startS3({
      bucket,
      from,
      failing: (operation, key) => (key.startsWith('pairs/') ? failing(operation) : undefined),
    });
    process.env.AWS_ENDPOINT_URL_S3 = s3.url;
    const { rescueProblems } = await check();
    await s3.close();
    return { rescueProblems, objects: s3.objects };
  };

  test('writes, reads and deletes an object, and finds nothing wrong', async () => {
    const asked: string[] = [];
    const { rescueProblems, objects } = await checkWith(services.objects, (operation) => {
      asked.push(operation);
      return undefined;
    });
    expect(rescueProblems).toEqual([]);
    expect(objects).toEqual(services.objects);
    expect(asked).toEqual(['PutObject', 'GetObject', 'DeleteObject']);
  });

  test('reports a bucket that was deleted', async () => {
    const gone = createFunctions(services, { RESCUE_BUCKET: 'gone' });
    expect((await check({}, gone)).rescueProblems).toEqual([
      expect.objectContaining({ class: 'misconfigured', code: 'bucket_gone' }),
    ]);
  });

  test.each([
    ['PutObject', 'AccessDenied', 'misconfigured', 'rescue_denied', 'npx cdk deploy'],
    ['GetObject', 'AccessDenied', 'misconfigured', 'rescue_denied', 'npx cdk deploy'],
    ['DeleteObject', 'AccessDenied', 'misconfigured', 'rescue_denied', 'npx cdk deploy'],
    ['PutObject', 'KMS.DisabledException', 'misconfigured', 'kms_unusable', 'Check the KMS key'],
    ['PutObject', 'NotImplemented', 'retry', 'rescue_unreadable', 'Check again'],
  ] as const)(
    'reports a %s that S3 refuses with %s',
    async (operation, error, failureClass, code, action) => {
      const { rescueProblems } = await checkWith(services.objects, (asked) =>
        asked === operation ? error : undefined,
      );
      expect(rescueProblems).toEqual([
        {
          class: failureClass,
          code,
          message: expect.stringContaining('rescue bucket'),
          action: expect.stringContaining(action),
        },
      ]);
    },
  );

  test.each([
    ['is missing', new Map<string, Buffer>()],
    [
      'is of another key',
      new Map([
        [
          'sealing-key/public.json',
          Buffer.from(JSON.stringify({ kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) })),
        ],
      ]),
    ],
  ])('reports that the public half of the sealing key %s', async (_, objects) => {
    const { rescueProblems } = await checkWith(objects);
    expect(rescueProblems).toEqual([expect.objectContaining({ code: 'sealing_key_missing' })]);
  });

  test('reports a sealing key that cannot be read as the only problem', async () => {
    const gone = createFunctions(services, { SEALING_KEY_SECRET_ID: 'gone/a' });
    const { rescueProblems, keyProblems } = await check({}, gone);
    expect({ rescueProblems, keys: keyProblems?.length }).toEqual({ rescueProblems: [], keys: 1 });
  });
});

describe('the check of the audit log', () => {
  const LOG_GROUP = 'zoom-token-refresher-AuditLogGroup-A1B2C3D4';
  let logs: Awaited<ReturnType<typeof startLogs>>;
  beforeEach(async () => {
    logs = await startLogs(LOG_GROUP, services.clock.now);
  });
  afterEach(() => logs.close());

  test('stores a line as every command does, and finds nothing wrong', async () => {
    const audited = createFunctions(services, { AUDIT_LOG_GROUP: LOG_GROUP });
    expect((await check({}, audited)).auditProblems).toEqual([]);
    expect(logs.lines).toEqual([{ action: 'check', requestId: expect.stringMatching(/./) }]);
  });

  test('reports a log that was deleted, and checks the rest', async () => {
    const deleted = createFunctions(services, { AUDIT_LOG_GROUP: 'deleted' });
    const { auditProblems, apps } = await check({}, deleted);
    expect(auditProblems).toEqual([expect.objectContaining({ code: 'audit_log_gone' })]);
    expect(apps).toContainEqual({ app: 'default' });
  });

  test('is left out without an audit log', async () => {
    expect(await check()).not.toHaveProperty('auditProblems');
  });
});

describe('about', () => {
  test('returns the addresses for the Zoom app and the deployed version', async () => {
    expect(await functions.granted({ action: 'about' })).toEqual({
      version: '1.2.3',
      name: 'zoom-token-refresher',
      now: services.clock.now(),
      publicUrl: 'https://tokens.example.com',
      redirectUrl: 'https://tokens.example.com/callback',
      eventsUrl: 'https://tokens.example.com/zoom/events',
      zoomOauthUrl: services.environment.ZOOM_OAUTH_URL,
      zoomApiUrl: services.environment.ZOOM_API_URL,
      existing: {
        table: services.environment.TABLE_NAME,
        rescueBucket: services.environment.RESCUE_BUCKET,
        sealingKeySecretArn: services.environment.SEALING_KEY_SECRET_ID,
        linkKeySecretArn: services.environment.LINK_KEY_SECRET_ID,
        appSecretArns: JSON.parse(services.environment.APP_SECRETS),
        n8nSecretArn: services.environment.N8N_SECRET_ID,
      },
    });
  });
});

describe('the check of the sweep', () => {
  test('finds no sweep before the first one, and then the end of the last one', async () => {
    expect(await check()).toMatchObject({ sweepRateMinutes: 2, now: services.clock.now() });
    expect(await check()).not.toHaveProperty('sweptAt');
    await functions.sweep();
    const at = services.clock.now();
    services.clock.advance(90);
    expect(await check()).toMatchObject({ sweptAt: at, now: at + 90 });
    await functions.sweep();
    expect(await check()).toMatchObject({ sweptAt: at + 90 });
  });

  test('is no connection in the status', async () => {
    await functions.sweep();
    expect(await functions.granted({ action: 'status' })).toMatchObject({ connections: [] });
  });

  test('ignores a sweep that did not complete', async () => {
    await functions.sweep();
    const { sweptAt } = await check();
    services.clock.advance(60);
    const broken = createFunctions(services, { TABLE_NAME: 'no-such-table' });
    await expect(broken.sweep()).rejects.toThrow();
    expect((await check()).sweptAt).toBe(sweptAt);
  });
});

describe('the check of the apps', () => {
  test('covers the deployed apps and the named ones, sorted by name', async () => {
    const deployed = createFunctions(services, { APP_SECRETS: appSecrets(['default', 'used']) });
    expect((await check({}, deployed)).apps.map(({ app }) => app)).toEqual(['default', 'used']);
    await connectUsed();
    const { apps } = await check(
      { apps: ['reports', 'default'] },
      createFunctions(services, { APP_SECRETS: appSecrets(['used', 'reports', 'default']) }),
    );
    expect(apps).toEqual(['default', 'reports', 'used'].map((app) => ({ app })));
  });

  test('reports an app that was taken out of the deployment while a connection uses it, before its next rotation', async () => {
    await connectUsed();
    const without = createFunctions(services, { APP_SECRETS: appSecrets(['default']) });
    expect(appIn(await check({}, without), 'used')?.problem).toMatchObject({
      class: 'misconfigured',
      code: 'app_not_deployed',
      action: expect.stringContaining('Add it to "apps" in cdk.json'),
    });
    expect(appIn(await check({}, without), 'used')?.use).toEqual({ count: 1, connections: ['server'] });
    const { connections } = await without.granted<{ connections: ConnectionView[] }>({ action: 'status' });
    expect(connections).toMatchObject([{ connection: 'server', status: 'active', appMissing: true }]);
    await functions.granted({ action: 'disconnect', connection: 'server' });
    expect(appIn(await check({}, without), 'used')).toBeUndefined();
  });

  test('reports a wrong client secret of a user app although the right one is cached', async () => {
    await check();
    const wrong = { ...services.apps.user, client_secret: 'not-the-secret-of-the-app' };
    await services.writeSecret(`${APP_PREFIX}default`, JSON.stringify(wrong));
    expect(appIn(await check(), 'default')?.problem).toEqual({
      class: 'misconfigured',
      code: 'invalid_client',
      message: 'Zoom does not accept the client id and client secret of the app.',
      action: expect.stringContaining('Copy both'),
    });
    await services.writeSecret(`${APP_PREFIX}default`, JSON.stringify(services.apps.user));
    expect(appIn(await check(), 'default')).not.toHaveProperty('problem');
  });

  test.each([
    ['client secret', { client_secret: 'not-the-secret-of-the-app' }, 'invalid_client'],
    ['account id', { account_id: 'another-account' }, 'invalid_account'],
  ])('reports a wrong %s of a Server-to-Server app', async (_, part, code) => {
    await services.writeSecret(`${APP_PREFIX}wrong`, JSON.stringify({ ...services.apps.server, ...part }));
    expect(appIn(await check({ apps: ['wrong'] }), 'wrong')?.problem).toMatchObject({
      class: 'misconfigured',
      code,
    });
  });

  test('leaves the tokens of the connections valid', async () => {
    await connectUsed();
    await functions.connect('user');
    const tokens = await Promise.all(['user', 'server'].map(services.published));
    await check();
    for (const token of tokens) expect(await services.zoomStatus(token)).toBe(200);
    await functions.granted({ action: 'rotate', connection: 'user' });
  });

  test('reports an empty app that no connection uses as not set up, which is no fault', async () => {
    const empty = { client_id: '', client_secret: '', account_id: '', webhook_secret_token: '' };
    await services.writeSecret(`${APP_PREFIX}later`, JSON.stringify(empty));
    expect(appIn(await check({ apps: ['later'] }), 'later')?.problem).toMatchObject({
      code: 'not_set_up',
      action: 'If you need it, run: npx zoom-tokens setup later.',
    });
  });

  test('reports an app that is not deployed and that no connection uses as not set up', async () => {
    expect(appIn(await check({ apps: ['absent'] }), 'absent')?.problem).toMatchObject({
      code: 'not_set_up',
      message: expect.stringMatching(/^No Zoom app "absent"\. Known apps: default, /),
      action: expect.stringMatching(/^Add it to "apps" .* npx zoom-tokens setup absent$/),
    });
  });

  test('reports an empty app that a connection uses as a fault', async () => {
    await connectUsed();
    await services.writeSecret(`${APP_PREFIX}used`, '{"client_id":"","client_secret":""}');
    expect(appIn(await check(), 'used')?.problem).toMatchObject({
      class: 'misconfigured',
      code: 'secret_unusable',
      message: `The secret "${APP_PREFIX}used" lacks client_id and client_secret.`,
    });
  });

  test('reports for each app that Zoom is unreachable, and checks the rest', async () => {
    const cut = createFunctions(services, {
      ZOOM_OAUTH_URL: services.nowhere,
      ZOOM_API_URL: services.nowhere,
      APP_SECRETS: appSecrets(['default', 'reports']),
    });
    const checked = await check({ apps: ['reports'] }, cut);
    expect(checked).not.toHaveProperty('zoomSkewSeconds');
    for (const { problem } of checked.apps) {
      expect(problem).toEqual({
        class: 'retry',
        code: 'zoom_unreachable',
        message: 'Zoom cannot be reached (ECONNREFUSED).',
        action: 'See status.zoom.us and check again later.',
      });
    }
  });

  test('rejects a name that no app can have', async () => {
    expect(await functions.operate({ action: 'check', apps: ['../key'] })).toMatchObject({
      ok: false,
      error: { code: 'invalid_name' },
    });
  });
});

test("the check measures the difference to Zoom's clock", async () => {
  expect((await check()).zoomSkewSeconds).toBe(0);
  const late = createFunctions({
    ...services,
    clock: { ...services.clock, now: () => services.clock.now() + 300 },
  });
  expect((await check({}, late)).zoomSkewSeconds).toBe(-300);
});

describe("the check of n8n's policy", () => {
  test('finds a policy that is attached to no one', async () => {
    expect((await check()).n8n).toEqual({ policyArn: POLICY, principals: [] });
    expect(iam.asked.at(-1)).toBe(`ListEntitiesForPolicy ${POLICY}`);
  });

  test('lists the users, roles and groups on all pages', async () => {
    Object.assign(iam.attached, { users: ['n8n', 'spare'], roles: ['worker'], groups: ['readers'] });
    expect((await check()).n8n.principals).toEqual([
      'user/n8n',
      'user/spare',
      'role/worker',
      'group/readers',
    ]);
  });

  test.each([
    [403, 'AccessDenied', 'iam_denied', /^Deploy again/],
    // A deployment does not create again what was deleted by hand.
    [404, 'NoSuchEntity', 'policy_gone', /^Create it again .*aws iam create-policy --policy-name n8n /],
    [500, 'ServiceFailure', 'iam_unavailable', /^Check again/],
  ])('reports IAM’s %i %s as %s, and checks the rest', async (status, code, failureCode, action) => {
    iam.failWith(status, code);
    const checked = await check();
    expect(checked.n8n).toEqual({
      policyArn: POLICY,
      problem: expect.objectContaining({ code: failureCode, action: expect.stringMatching(action) }),
    });
    expect(appIn(checked, 'default')).not.toHaveProperty('problem');
  });
});

describe('the check of the alarm topic', () => {
  const topicArn = 'arn:aws:sns:us-east-1:000000000000:zoom-token-refresher-alarms';

  test('counts the confirmed and the unconfirmed subscribers', async () => {
    Object.assign(services.subscribers, { confirmed: 2, pending: 1 });
    expect((await check()).alertTopic).toEqual({ topicArn, confirmed: 2, pending: 1 });
  });

  test('is part of the status where the request asks for it', async () => {
    const alertTopic = { topicArn, confirmed: 1, pending: 0 };
    expect(await functions.granted({ action: 'status', alertTopic: true })).toMatchObject({ alertTopic });
    expect(await functions.granted({ action: 'status' })).not.toHaveProperty('alertTopic');
  });

  test('is left out without a topic', async () => {
    const { ALERT_TOPIC_ARN: _, ...environment } = services.environment;
    const without = createFunctions({ ...services, environment } as unknown as Services);
    expect(await check({}, without)).not.toHaveProperty('alertTopic');
  });

  test.each([
    [403, 'AuthorizationError', 'sns_denied', /^Deploy again/],
    [
      404,
      'NotFound',
      'topic_gone',
      /^Create it again: aws sns create-topic --name zoom-token-refresher-alarms\./,
    ],
    [500, 'InternalError', 'sns_unavailable', /^Check again/],
    [200, undefined, 'sns_unavailable', /^Check again/],
  ])('reports SNS’s %i %s as %s, and checks the rest', async (status, code, failureCode, action) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/xml' });
      const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error>`;
      response.end(
        code
          ? `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${error}<RequestId>1</RequestId></ErrorResponse>`
          : '<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult/></GetTopicAttributesResponse>',
      );
    });
    const { url, close } = await listenOnLoopback(server);
    process.env.AWS_ENDPOINT_URL_SNS = url;
    const checked = await check();
    await close();
    expect(checked.alertTopic).toEqual({
      topicArn,
      problem: expect.objectContaining({ code: failureCode, action: expect.stringMatching(action) }),
    });
    expect(appIn(checked, 'default')).not.toHaveProperty('problem');
  });
});

test('neither the response nor the log contains a piece of a token or a secret', async () => {
  await functions.connect('user');
  await services.writeSecret(
    `${APP_PREFIX}wrong`,
    JSON.stringify({ ...services.apps.server, client_secret: 'not-the-secret-of-the-app' }),
  );
  await services.writeSecret(`${APP_PREFIX}later`, '{"client_id":"","client_secret":""}');
  takeOutput();
  const responses = [
    await check({ apps: ['reports', 'wrong', 'later'] }),
    await functions.granted({ action: 'about' }),
  ];
  expect(services.watch.names()).toEqual(
    expect.arrayContaining(["Zoom's access_token", 'a client secret', 'the link key']),
  );
  expect(services.watch.leaks([JSON.stringify(responses), ...takeOutput()])).toEqual([]);
});
