import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeSecretCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listenOnLoopback } from '../../../../local/loopback-server.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';
import { startLogs } from '../../../support/services/logs-server.ts';

const installation = useInstallation();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'uninstall-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command for a name without an operator function, as after `cdk destroy`. */
const run = (...args: string[]) => installation().commandLine.run(['uninstall', ...args, '--name', 'gone']);
const fileWith = (content: string | Buffer, name = 'existing.json') => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const KEY = 'zoom-token-refresher/sealing-key';
const KMS_KEY = 'arn:aws:kms:us-east-1:111122223333:key/1';
const REPORTS = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:Reports-AbCdEf';

/** Starts a service of AWS that responds to each request with a status, the code of its error, and a body. */
const startService = (respond: (request: IncomingMessage) => [number, string, object]) =>
  listenOnLoopback(
    createServer((request, response) => {
      const [status, code, body] = respond(request);
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code });
      response.end(JSON.stringify({ __type: code, ...body }));
    }),
  );
const ENTER = '\r';
const CTRL_C = '\x03';
const SECRETS = [
  ...[KEY, 'zoom-token-refresher/link-key'],
  ...['zoom-token-refresher/app/default', 'zoom-token-refresher/n8n'],
];
const deletedAt = async (SecretId: string) =>
  (await installation().stack.secretsManager.send(new DescribeSecretCommand({ SecretId }))).DeletedDate;

describe('zoom-tokens uninstall', () => {
  test('uninstall before cdk destroy deletes nothing and says what to run', async () => {
    const file = fileWith(JSON.stringify({ sealingKeySecretArn: KEY }));
    const { code, stderr } = await installation().commandLine.run(['uninstall', file, '--yes']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^✖ Nothing was deleted: the stack of "zoom-token-refresher" still exists/);
    expect(await deletedAt(KEY)).toBeUndefined();
  });

  test.each([
    ['a table', { TABLE_NAME: 'zoom-table' }, { table: 'zoom-table', rescueBucket: 'zoom-bucket' }],
    [
      'the credentials of an app',
      { APP_SECRETS: JSON.stringify({ reports: REPORTS }) },
      { appSecretArns: { reports: REPORTS } },
    ],
  ])(
    'uninstall deletes nothing while a function of a stack with another name uses %s',
    async (_, Variables, block) => {
      const pages = [
        {
          Functions: [{ FunctionName: 'other', Environment: { Variables: { TABLE: 'other' } } }],
          NextMarker: '2',
        },
        { Functions: [{ FunctionName: 'acme-operator', Environment: { Variables } }] },
      ];
      const lambda = await startService((request) =>
        request.method === 'GET'
          ? [200, '', pages[request.url?.includes('Marker=2') ? 1 : 0] ?? {}]
          : [404, 'ResourceNotFoundException', {}],
      );
      const { code, stderr } = await installation().commandLine.run(
        ['uninstall', fileWith(JSON.stringify(block)), '--yes'],
        { env: { AWS_ENDPOINT_URL_LAMBDA: lambda.url } },
      );
      await lambda.close();
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr:
          '✖ Nothing was deleted: the function acme-operator still uses these resources.\n' +
          '  Destroy its stack first. If that stack has another name, pass it: --name <name>\n',
      });
    },
  );

  test('uninstall says how to delete a table that is protected against deletion', async () => {
    const message =
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.';
    const dynamodb = await startService(() => [400, 'ValidationException', { message }]);
    const { code, stdout } = await installation().commandLine.run(
      ['uninstall', fileWith(JSON.stringify({ table: 'zoom-table' })), '--yes', '--name', 'gone'],
      { env: { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url } },
    );
    await dynamodb.close();
    expect(code).toBe(1);
    expect(stdout).toBe(
      '✖ table zoom-table: It is protected against deletion (deletionProtection). Run: aws dynamodb update-table --table-name zoom-table --no-deletion-protection-enabled. Then run this command again.\n',
    );
  });

  test.each([
    [
      'in UTF-16, as Windows PowerShell writes it',
      Buffer.from('\uFEFF"existing": {"table": "never-was"}', 'utf16le'),
    ],
    ['with a byte order mark', Buffer.from('\uFEFF{"table": "never-was"}')],
  ])('uninstall reads a file %s', async (_, content) => {
    expect((await run(fileWith(content), '--yes')).stdout).toBe(
      '✔ table never-was did not exist any more.\n',
    );
  });

  test('uninstall without --yes and without a terminal deletes nothing', async () => {
    const { code, stderr } = await run(fileWith(JSON.stringify({ sealingKeySecretArn: KEY })));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ Nothing was deleted: confirm with --yes\./);
    expect(await deletedAt(KEY)).toBeUndefined();
  });

  test('uninstall without a terminal prints a command that names the same file, also where its name has a space', async () => {
    const file = fileWith(JSON.stringify({ sealingKeySecretArn: KEY }), 'my existing.json');
    const { stderr } = await run(file);
    expect(stderr).toMatch(`uninstall '${file}' --yes\n`);
  });

  test('uninstall of another Region, where the stack and all that it left would seem gone, deletes nothing', async () => {
    const theirs = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Link-AbCdEf';
    const file = fileWith(JSON.stringify({ sealingKeySecretArn: KEY, linkKeySecretArn: theirs }));
    const { code, stderr } = await run(file, '--yes');
    expect(code).toBe(2);
    expect(stderr).toBe(
      `✖ Nothing was deleted: ${file} lists resources in eu-west-1, and this command looks in us-east-1.\n` +
        '  Pass the Region of the deleted stack: --region eu-west-1\n',
    );
    expect(await deletedAt(KEY)).toBeUndefined();
  });

  describe('at a terminal', () => {
    const file = () =>
      fileWith(JSON.stringify({ table: 'never-was', sealingKeySecretArn: KEY, kmsKeyArn: KMS_KEY }));
    const start = (...args: string[]) =>
      installation().commandLine.onTerminal(['uninstall', file(), ...args, '--name', 'gone']);

    test('uninstall lists what it deletes and what stays, and asks; Enter alone deletes nothing and exits with 1', async () => {
      const terminal = start();
      await terminal.until(/table never-was/);
      await terminal.until(new RegExp(`secret ${KEY}`));
      await terminal.until(/The KMS key stays/);
      await terminal.until(/Delete all of it\?/);
      terminal.type(ENTER);
      const { code, shown } = await terminal.ended;
      expect(code).toBe(1);
      expect(shown).toContain('Nothing was deleted: you declined.');
      expect(await deletedAt(KEY)).toBeUndefined();
    });

    test('Ctrl-C at the confirmation of uninstall deletes nothing and exits with 130', async () => {
      const terminal = start();
      await terminal.until(/Delete all of it\?/);
      terminal.type(CTRL_C);
      expect((await terminal.ended).code).toBe(130);
      expect(await deletedAt(KEY)).toBeUndefined();
    });

    test('uninstall deletes after y at the confirmation, and prints how to delete the KMS key later', async () => {
      const terminal = start();
      await terminal.until(/Delete all of it\?/);
      terminal.type(`y${ENTER}`);
      const { code, shown } = await terminal.ended;
      expect(code).toBe(0);
      expect(shown).toContain('is deleted.');
      // Wrapped at the terminal's width, as a shell reads it.
      expect(shown.replace(/[\s\\]+/g, ' ')).toContain(`aws kms schedule-key-deletion --key-id ${KMS_KEY}`);
      expect(await deletedAt(KEY)).toBeDefined();
    });
  });

  test.each([
    ['another document', '{"version":"1"}'],
    ['no JSON', 'existing'],
    ['an empty block', '{"existing":{}}'],
  ])('uninstall with a file that holds %s exits with 2 and says where the block is', async (_, content) => {
    const { code, stderr } = await run(fileWith(content), '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain('it does not contain the block');
    expect(stderr).toContain('docs/runbook.md#bring-it-back');
  });

  test('uninstall deletes the table, the bucket, the secrets and its own published tokens, and no others', async () => {
    await installation().connectReports();
    await installation().connectMain();
    const owner = { Key: 'zoom-token-refresher:installation', Value: 'gone' };
    await installation().stack.secretsManager.send(
      new TagResourceCommand({ SecretId: 'n8n_zoom_reports', Tags: [owner] }),
    );
    const block = (await installation().commandLine.run(['about', '--existing'])).stdout;
    const { code, stdout } = await run(fileWith(block), '--yes');
    expect(stdout).toContain('✔ table zoom-token-refresher-connections is deleted.\n');
    expect(stdout).toContain('✔ bucket zoom-token-refresher-rescue is deleted.\n');
    expect(stdout).toContain(`✔ secret ${KEY} is deleted. It can be restored for 7 days.\n`);
    expect(code).toBe(0);
    for (const secret of [...SECRETS, 'n8n_zoom_reports']) expect(await deletedAt(secret)).toBeDefined();
    expect(await deletedAt('n8n_zoom_main')).toBeUndefined();
  });

  test('uninstall deletes the audit log, which cannot be restored', async () => {
    const logs = await startLogs('zoom-AuditLog-1', () => 0);
    const file = fileWith(JSON.stringify({ auditLogGroup: 'zoom-AuditLog-1' }));
    const env = { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.url };
    const uninstall = async () =>
      (await installation().commandLine.run(['uninstall', file, '--yes', '--name', 'gone'], { env })).stdout;
    expect(await uninstall()).toBe('✔ log group zoom-AuditLog-1 is deleted.\n');
    expect(logs.deleted).toEqual(['zoom-AuditLog-1']);
    expect(await uninstall()).toBe('✔ log group zoom-AuditLog-1 did not exist any more.\n');
    await logs.close();
  });

  test('uninstall again finds what is gone, and --json names every resource and the KMS key that stays', async () => {
    const kmsKeyArn = KMS_KEY;
    const file = fileWith(JSON.stringify({ context: { existing: { table: 'never-was', kmsKeyArn } } }));
    const { code, stdout } = await run(file, '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      removals: expect.arrayContaining([{ kind: 'table', name: 'never-was', outcome: 'gone' }]),
      kmsKeyArn,
    });
    expect((await run(file, '--yes')).stdout).toContain(
      `aws kms schedule-key-deletion --key-id ${kmsKeyArn}`,
    );
  });
});
