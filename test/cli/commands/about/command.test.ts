import { describe, expect, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['about', ...args]);

const existing = {
  table: 'zoom-token-refresher-connections',
  rescueBucket: 'zoom-token-refresher-rescue',
  sealingKeySecretArn: 'zoom-token-refresher/sealing-key',
  linkKeySecretArn: 'zoom-token-refresher/link-key',
  appSecretArns: {
    default: 'zoom-token-refresher/app/default',
    reports: 'zoom-token-refresher/app/reports',
  },
  n8nSecretArn: 'zoom-token-refresher/n8n',
};

describe('zoom-tokens about', () => {
  test('about shows the URLs for the Zoom app and the names of the table and the secrets', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Installation +zoom-token-refresher\nVersion +\d/);
    expect(stdout).toMatch(/^OAuth Redirect URL +http:\S+\/callback$/m);
    expect(stdout).toMatch(/^Table +zoom-token-refresher-connections$/m);
    expect(stdout).toMatch(/^Secret of the app "reports" +zoom-token-refresher\/app\/reports$/m);
    expect(stdout).not.toContain('KMS key');
  });

  test('about --existing prints the setting as lines for the context of cdk.json', async () => {
    const { code, stdout } = await run('--existing');
    expect(code).toBe(0);
    expect(JSON.parse(`{${stdout}}`)).toEqual({ existing });
  });

  test('about --existing --json prints the value of the setting', async () => {
    expect(JSON.parse((await run('--existing', '--json')).stdout)).toEqual(existing);
  });

  test('about --json prints all that the operator function returns', async () => {
    const { stdout } = await run('--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'zoom-token-refresher', existing });
  });

  test('about names ARNs of secrets as the AWS console does, and the KMS key and the audit log where there is one', async () => {
    installation().responses.set('about', () => ({
      ok: true,
      result: {
        version: '1.0.0',
        name: 'zoom-token-refresher',
        existing: {
          ...existing,
          sealingKeySecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:SealingKey-x1-AbCdEf',
          kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1',
          auditLogGroup: 'zoom-AuditLog-1',
        },
      },
    }));
    const { stdout } = await run();
    installation().responses.clear();
    expect(stdout).toMatch(/^Secret with the sealing key +SealingKey-x1$/m);
    expect(stdout).toMatch(/^KMS key +arn:aws:kms:eu-west-1:111122223333:key\/1$/m);
    expect(stdout).toMatch(/^Log group of the audit log +zoom-AuditLog-1$/m);
  });
});
