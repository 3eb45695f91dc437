import '../../support/services/output.ts';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFunctions } from '../../support/services/handlers.ts';
import { startLogs } from '../../support/services/logs-server.ts';
import { type N8nInstallation, startN8nInstallation } from '../../support/services/n8n-installation.ts';
import { createN8nOperator } from '../../support/services/n8n-operator.ts';
import { logLines, takeOutput } from '../../support/services/output.ts';

const LOG_GROUP = 'zoom-token-refresher-AuditLogGroup-A1B2C3D4';

let services: N8nInstallation['services'];
let office: N8nInstallation['office'];
let logs: Awaited<ReturnType<typeof startLogs>>;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  ({ services, office } = await startN8nInstallation());
  logs = await startLogs(LOG_GROUP, services.clock.now);
  functions = createFunctions(services, { AUDIT_LOG_GROUP: LOG_GROUP });
  takeOutput();
});
afterEach(() => Promise.all([logs.close(), office.close(), services.close()]));

describe('the audit log', () => {
  test.each([
    ['link', { connection: 'main', replaceUser: true, seconds: 600 }],
    ['rotate', { connection: 'main' }],
    ['disconnect', { connection: 'main', force: true }],
    ['links-cancel', { connection: 'main' }],
    ['links-renew', {}],
    ['rotate-key', { preview: true }],
    ['n8n-unlink', { connection: 'main', instance: 'office' }],
    ['rotate', { connection: 'nobody' }],
  ])(
    'has one line for a command that changes something, with what was wished and the request id: %s %j',
    async (action, wishes) => {
      await functions.operate({ action, ...wishes });
      expect(logs.lines).toEqual([{ action, ...wishes, requestId: expect.stringMatching(/./) }]);
    },
  );

  test('has a line for a link to n8n with the origin of n8n, and without its API key', async () => {
    await functions.operate(createN8nOperator(functions, office).requestFor('main', { move: true }));
    const [line, ...others] = logs.lines;
    expect(others).toEqual([]);
    expect(line).toMatchObject({ action: 'n8n-link', connection: 'main', instance: 'office', move: true });
    expect(line?.origin).toBe(new URL(office.url).origin);
    expect(JSON.stringify(line)).not.toContain(office.n8n.apiKey);
  });

  test('cuts a text that is too long for a name, and never has the ticket of a link', async () => {
    const request = createN8nOperator(functions, office).requestFor('main', {});
    await functions.operate({ ...request, credentialName: 'x y '.repeat(32) });
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'anna' });
    const [linked, made] = logs.lines;
    expect(linked?.credentialName).toBe('x y '.repeat(16));
    expect(JSON.stringify(made)).not.toContain(new URL(link).searchParams.get('ticket'));
  });

  test('and the log of the function have no piece of a link or an API key that was passed in the place of a name', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'anna' });
    const apiKey = `n8n_api_${randomBytes(40).toString('hex')}`;
    services.watch.note('another API key', apiKey);
    const request = createN8nOperator(functions, office).requestFor('main', {});
    await functions.operate({ action: 'links-cancel', connection: link });
    await functions.operate({ action: 'rotate', connection: new URL(link).searchParams.get('ticket') });
    await functions.operate({ action: 'n8n-unlink', connection: 'main', instance: apiKey });
    await functions.operate({ action: 'n8n-unlink', connection: 'main', instance: office.n8n.apiKey });
    await functions.operate({ ...request, credentialId: apiKey, credentialName: `my key ${apiKey}` });
    const [, ...lines] = logs.lines;
    expect(lines).toHaveLength(5);
    expect(services.watch.leaks([JSON.stringify(lines), ...takeOutput()])).toEqual([]);
  });

  test.each(['about', 'status', 'links', 'key-status'])(
    'has no line for a command that reads: %s',
    async (action) => {
      await functions.operate({ action });
      expect(logs.lines).toEqual([]);
    },
  );

  test("alone has the line: the function's own log has none", async () => {
    await functions.operate({ action: 'rotate', connection: 'main' });
    expect(logLines(takeOutput()).filter(({ message }) => message === 'audit')).toEqual([]);
  });

  test('is part of what outlives the stack', async () => {
    const { existing } = await functions.granted<{ existing: object }>({ action: 'about' });
    expect(existing).toMatchObject({ auditLogGroup: LOG_GROUP });
  });
});

describe('a command whose audit line is not stored', () => {
  const rotate = (through = functions) => through.operate({ action: 'rotate', connection: 'main' });
  const item = () => functions.runtime.store.get('main');

  const KMS_UNUSABLE = {
    class: 'misconfigured',
    code: 'kms_unusable',
    action: expect.stringContaining(`aws logs disassociate-kms-key --log-group-name ${LOG_GROUP}`),
  };

  test.each([
    [
      'to a function without the permission',
      { status: 400, code: 'AccessDeniedException' },
      { class: 'misconfigured', code: 'audit_denied', action: expect.stringContaining('npx cdk deploy') },
    ],
    [
      'while CloudWatch Logs has an error of its own',
      { status: 503, code: 'ServiceUnavailableException' },
      { class: 'retry', code: 'audit_unavailable', action: expect.stringContaining('Run the command again') },
    ],
    [
      'while CloudWatch Logs throttles',
      { status: 400, code: 'ThrottlingException' },
      { class: 'retry', code: 'audit_unavailable' },
    ],
    ['while the log’s KMS key is disabled', { status: 400, code: 'KMSDisabledException' }, KMS_UNUSABLE],
    [
      'while the deletion of the log’s KMS key is scheduled',
      { status: 400, code: 'InvalidParameterException', message: 'The KMS key is pending deletion.' },
      KMS_UNUSABLE,
    ],
    [
      'while the key policy does not allow CloudWatch Logs the KMS key',
      { status: 400, code: 'AccessDeniedException', message: 'kms:GenerateDataKey is not allowed' },
      KMS_UNUSABLE,
    ],
    ['when no response comes', 'hangs up' as const, { class: 'retry', code: 'audit_unavailable' }],
  ])('is refused %s, says that nothing was changed, and changes nothing', async (_, failure, error) => {
    const before = await item();
    logs.failNext(failure, failure);
    const response = await rotate();
    expect(response).toMatchObject({
      ok: false,
      error: { ...error, message: expect.stringMatching(/^Nothing was changed: /) },
    });
    expect(await item()).toEqual(before);
    expect(logs.lines).toEqual([]);
  });

  test('because the log was deleted is refused with the commands that create it', async () => {
    const deleted = createFunctions(services, { AUDIT_LOG_GROUP: 'deleted' });
    const before = await item();
    expect(await rotate(deleted)).toMatchObject({
      ok: false,
      error: {
        class: 'misconfigured',
        code: 'audit_log_gone',
        action: expect.stringContaining(
          'aws logs create-log-stream --log-group-name deleted --log-stream-name commands',
        ),
      },
    });
    expect(await item()).toEqual(before);
  });

  test('because the log discards it for its time is refused, although the response is a success', async () => {
    const early = createFunctions(
      { ...services, clock: { ...services.clock, now: () => services.clock.now() - 15 * 24 * 60 * 60 } },
      { AUDIT_LOG_GROUP: LOG_GROUP },
    );
    expect(await rotate(early)).toMatchObject({
      ok: false,
      error: { class: 'retry', code: 'audit_unavailable', message: expect.stringContaining('for its time') },
    });
    expect(logs.lines).toEqual([]);
  });
});

test('a lost response is followed by a second line, and the command is carried out once', async () => {
  const version = (await functions.runtime.store.get('main'))?.version ?? 0;
  logs.failNext('response lost');
  await functions.granted({ action: 'rotate', connection: 'main' });
  expect(logs.lines).toHaveLength(2);
  expect((await functions.runtime.store.get('main'))?.version).toBe(version + 1);
});

test('without an audit log, as in a local installation, the line is in the function’s own log', async () => {
  const local = createFunctions(services);
  await local.operate({ action: 'rotate', connection: 'main' });
  const [line] = logLines(takeOutput()).filter(({ message }) => message === 'audit');
  expect(line).toMatchObject({
    action: 'rotate',
    connection: 'main',
    function_request_id: expect.any(String),
  });
  expect(line).not.toHaveProperty('requestId');
});
