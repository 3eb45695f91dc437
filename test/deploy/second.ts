import assert from 'node:assert/strict';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListUsersCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import type { OperatorResponse } from '../../lambdas/operator-protocol.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { arnOf } from './assembly.ts';
import { accessKeyFor, deleteAccessKeys, invoke, root } from './aws.ts';
import type { Emulator } from './emulator.ts';

const NAME = 'staging';

/** Tests another installation in the same account and Region, deployed with the settings that the first does not use. */
export class SecondInstallation {
  private readonly emulator: Emulator;
  private readonly outputs: Record<string, string>;

  constructor(emulator: Emulator, outputs: Record<string, string>) {
    this.emulator = emulator;
    this.outputs = outputs;
  }

  async writeApp(credentials: object): Promise<void> {
    const SecretString = JSON.stringify(credentials);
    await root(this.emulator).secrets.send(
      new PutSecretValueCommand({ SecretId: `${this.outputs.AppSecretArn}`, SecretString }),
    );
  }

  async isEncrypted(): Promise<void> {
    for (const secret of ['CredentialsSealingKey', 'CredentialsDefaultApp', 'N8nAccessUserSecret']) {
      assert.match(
        `${await this.keyOf(arnOf(this.outputs, secret))}`,
        /\w{8}-\w{4}/,
        `${secret} has no KMS key.`,
      );
    }
    assert.equal(this.outputs.CallbackUrl, 'https://zoom.example.com/callback');
    const { link } = await this.operate<{ link: string }>({ action: 'link', connection: 'someone' });
    assert.match(link, /^https:\/\/zoom\.example\.com\/connect\?ticket=/);
  }

  /** Makes a Server-to-Server connection, and reads its token as the user that the stack created for n8n. */
  async publishes(zoomUrl: string): Promise<void> {
    await this.operate({ action: 'connect', connection: 'extra' });

    const user = await this.n8nUser();
    const tokens = await readAsN8n((await accessKeyFor(this.emulator, user)).secrets);
    await deleteAccessKeys(this.emulator, user);
    assert.deepEqual([...tokens.keys()].sort(), ['n8n_zoom_extra', 'n8n_zoom_main', 'n8n_zoom_reports']);
    const headers = { authorization: `Bearer ${tokens.get('n8n_zoom_extra')}` };
    assert.equal((await fetch(`${zoomUrl}/v2/users/me`, { headers })).status, 200);
  }

  /** @param before the tokens of the first installation that n8n reads */
  async doesNotOverwrite(connection: string, before: Map<string, string>): Promise<void> {
    const { connection: view } = await this.operate<{ connection: { lastError?: { code: string } } }>({
      action: 'connect',
      connection,
    });
    assert.equal(view.lastError?.code, 'publish_denied');
    const now = await readAsN8n(root(this.emulator).secrets);
    assert.equal(now.get(`n8n_zoom_${connection}`), before.get(`n8n_zoom_${connection}`));
  }

  /** Expects that only the installation's published secrets are left. Deletes them. */
  async isGone(): Promise<void> {
    const { lambda, secrets, dynamodb } = root(this.emulator);
    await secrets.send(
      new DeleteSecretCommand({ SecretId: 'n8n_zoom_extra', ForceDeleteWithoutRecovery: true }),
    );
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand());
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand());
    const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
    const left = [
      ...Functions.map(({ FunctionName }) => FunctionName),
      ...SecretList.map(({ Name }) => Name),
      ...TableNames,
    ].filter((name) => name?.startsWith(NAME));
    assert.deepEqual(left, []);
  }

  private async n8nUser(): Promise<string> {
    const { Users = [] } = await root(this.emulator).iam.send(new ListUsersCommand());
    const names = Users.flatMap(({ UserName }) => UserName ?? []).filter((name) => name.startsWith(NAME));
    assert.equal(names.length, 1);
    return `${names[0]}`;
  }

  private async keyOf(SecretId: string): Promise<string | undefined> {
    const { secrets } = root(this.emulator);
    return (await secrets.send(new DescribeSecretCommand({ SecretId }))).KmsKeyId;
  }

  private async operate<T = object>(request: object): Promise<T> {
    const name = `${this.outputs.OperatorFunctionName}`;
    const response = await invoke<OperatorResponse<T & object>>(root(this.emulator), name, request);
    if (!response.ok) throw new Error(`${response.error.message} ${response.error.action}`);
    return response.result;
  }
}
