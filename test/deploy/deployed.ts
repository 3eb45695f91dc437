import assert from 'node:assert/strict';
import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTableCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { AUDIT_LOG_STREAM } from '../../lambdas/contract.ts';
import type { OperatorResponse } from '../../lambdas/operator-protocol.ts';
import type { SweepReport } from '../../lambdas/tokens/sweep/sweep.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';
import { type CookieJar, createCookieJar } from '../../local/zoom/cookies.ts';
import { arnOf } from './assembly.ts';
import { type Caller, invoke } from './aws.ts';

const NAME = 'zoom-token-refresher';

interface Callers {
  root: Caller;
  operator: Caller;
  /** Has the stack's policy for n8n. */
  n8n: Caller;
  /** Has the sample policy of n8n's documentation. */
  sample: Caller;
}

type Tokens = Map<string, string>;

/** Tests the deployed system from outside: its API, its functions and its secrets, with each caller's permissions. */
export class Deployed {
  private readonly outputs: Record<string, string>;
  private readonly zoomUrl: string;
  private readonly callers: Callers;

  constructor(outputs: Record<string, string>, zoomUrl: string, callers: Callers) {
    this.outputs = outputs;
    this.zoomUrl = zoomUrl;
    this.callers = callers;
  }

  async writeApp(app: string, credentials: object): Promise<void> {
    const { secrets } = this.callers.operator;
    const SecretId = this.appSecret(app);
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(credentials) }));
    for (const secret of [SecretId, this.key()]) await this.isDenied('operator', secret);
  }

  async refusesRequestsWithoutLink(): Promise<void> {
    const { origin } = new URL(`${this.outputs.CallbackUrl}`);
    const page = await fetch(`${origin}/connect`);
    assert.equal(page.status, 400);
    assert.match(await page.text(), /You need a personal link/);
    assert.match(`${page.headers.get('content-security-policy')}`, /default-src 'none'/);
    const nowhere = await fetch(`${origin}/anything`);
    assert.equal(nowhere.status, 404);
    assert.match(await nowhere.text(), /Page not found/);
  }

  async connectServerToServer(connection: string): Promise<void> {
    await this.operate({ action: 'connect', connection, app: 'reports' });
  }

  async connectUser(connection: string): Promise<void> {
    const { link } = await this.operate<{ link: string }>({ action: 'link', connection });
    assert.equal(
      (await fetch(link)).status,
      200,
      'A preview of the link must get its page without redeeming the link.',
    );
    const cookies = createCookieJar();
    const { url } = await consentAsBrowser(link, { cookies });
    const { statusCode, body = '' } = await this.callback(new URL(url), cookies);
    assert.equal(statusCode, 200, `The consent failed with the status ${statusCode}: ${body}`);
    assert.match(body, new RegExp(`under the name “${connection}”`));
    const again = await consentAsBrowser(link);
    assert.equal(again.status, 410, 'A link must work once.');
  }

  rotate(connection: string): Promise<object> {
    return this.operate({ action: 'rotate', connection });
  }

  /** Expects the operator function to replace both keys, which the operator may neither write nor read. */
  async rotateKeys(): Promise<void> {
    const { operator, root } = this.callers;
    const keys = [this.key(), arnOf(this.outputs, 'CredentialsLinkKey')];
    const versions = () =>
      Promise.all(
        keys.map(async (SecretId) => {
          const { VersionIdsToStages = {} } = await root.secrets.send(
            new DescribeSecretCommand({ SecretId }),
          );
          const current = Object.entries(VersionIdsToStages).find(([, stages]) =>
            stages.includes('AWSCURRENT'),
          );
          return { current: current?.[0], stages: Object.values(VersionIdsToStages).flat().sort() };
        }),
      );
    const before = await versions();
    await this.operate({ action: 'rotate-key' });
    for (const [index, { current, stages }] of (await versions()).entries()) {
      assert.notEqual(current, before[index]?.current, 'A key was not replaced.');
      assert.deepEqual(stages, ['AWSCURRENT', 'AWSPREVIOUS']);
    }
    for (const SecretId of keys) {
      const put = new PutSecretValueCommand({ SecretId, SecretString: 'of a person' });
      await assert.rejects(operator.secrets.send(put), { name: 'AccessDeniedException' });
      await this.isDenied('operator', SecretId);
    }
    const response = await invoke<OperatorResponse>(operator, `${this.outputs.OperatorFunctionName}`, {
      action: 'rotate-key',
    });
    assert.equal(!response.ok && response.error.code, 'key_needed');
  }

  /** Returns the lines of the audit log. */
  async auditLines(): Promise<Record<string, unknown>[]> {
    const { events = [] } = await this.callers.root.logs.send(this.readAuditLog());
    return events.map(({ message = '' }) => JSON.parse(message));
  }

  /** Expects that each command which changed something is a line of the audit log, and that an operator cannot read it. */
  async audits(commands: [action: string, connection?: string][]): Promise<void> {
    const lines = await this.auditLines();
    assert.deepEqual(
      lines.map(({ action, connection }) => [action, ...(connection === undefined ? [] : [connection])]),
      commands,
    );
    for (const { requestId } of lines) assert.match(`${requestId}`, /^[0-9a-f-]{36}$/);
    await assert.rejects(this.callers.operator.logs.send(this.readAuditLog()), {
      name: 'AccessDeniedException',
    });
  }

  private readAuditLog(): GetLogEventsCommand {
    return new GetLogEventsCommand({
      logGroupName: JSON.parse(`${this.outputs.Existing}`).auditLogGroup,
      logStreamName: AUDIT_LOG_STREAM,
      startFromHead: true,
    });
  }

  /** Makes the connection's token due, as an hour's passing does. */
  async makeDue(connection: string): Promise<void> {
    const { dynamodb } = this.callers.root;
    const values = { ':now': { N: String(Math.floor(Date.now() / 1000)) } };
    const set = (key: string, expression: string) =>
      dynamodb.send(
        new UpdateItemCommand({
          TableName: this.table(),
          Key: { connection: { S: key } },
          UpdateExpression: expression,
          ConditionExpression: 'attribute_exists(#version)',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: values,
        }),
      );
    await set(connection, 'SET dueAt = :now, expiresAt = :now');
    // The tokens are in an item of their own once a step has ended.
    await set(`tokens#${connection}`, 'SET expiresAt = :now').catch((error: Error) => {
      if (error.name !== 'ConditionalCheckFailedException') throw error;
    });
  }

  async sweep(): Promise<void> {
    const report = await invoke<SweepReport>(this.callers.root, `${NAME}-rotate`, {});
    assert.deepEqual([report.rotated, report.publishFailed], [1, 0]);
    // The other connection's first publication failed in the emulator. Its retry is due within half a minute.
    assert.ok([1, 2].includes(report.published), `${report.published} tokens were published.`);
  }

  read(): Promise<Tokens> {
    return readAsN8n(this.callers.n8n.secrets);
  }

  /** Expects that n8n reads the tokens of these connections and no other secret, and that Zoom accepts each token. */
  async readAll(connections: string[]): Promise<Tokens> {
    const tokens = await this.read();
    const names = connections.map((connection) => `n8n_zoom_${connection}`);
    assert.deepEqual([...tokens.keys()].sort(), names.sort());
    for (const name of names)
      assert.equal(await this.zoomStatus(tokens.get(name)), 200, `Zoom refuses the token of ${name}.`);
    return tokens;
  }

  /** Expects a new token for the connection and unchanged tokens for the others, all of which Zoom accepts. */
  async replaced(connection: string, before: Tokens): Promise<Tokens> {
    const names = [...before.keys()].map((name) => name.replace('n8n_zoom_', ''));
    const tokens = await this.readAll(names);
    for (const [name, token] of tokens) {
      assert.equal(
        token !== before.get(name),
        name === `n8n_zoom_${connection}`,
        `The token of ${name} must ${name === `n8n_zoom_${connection}` ? '' : 'not '}change.`,
      );
    }
    return tokens;
  }

  async sampleReadsNothingElse(): Promise<void> {
    const seen = await readAsN8n(this.callers.sample.secrets);
    assert.deepEqual([...seen.keys()].sort(), ['n8n_zoom_main', 'n8n_zoom_reports']);
    for (const secret of [this.key(), this.appSecret('default'), this.appSecret('reports')]) {
      await this.isDenied('sample', secret);
      await this.isDenied('n8n', secret);
    }
  }

  /** Returns what outlives the stack, as `zoom-tokens about --existing` prints it. */
  async existing(): Promise<Record<string, unknown>> {
    return (await this.operate<{ existing: Record<string, unknown> }>({ action: 'about' })).existing;
  }

  /** Expects the same block in the stack's output. */
  async keepsInOutput(existing: object): Promise<void> {
    assert.deepEqual(JSON.parse(`${this.outputs.Existing}`), existing);
  }

  async isDeleted(): Promise<void> {
    const { lambda, secrets } = this.callers.root;
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand());
    assert.deepEqual(Functions, []);
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand());
    const left = SecretList.map(({ ARN, Name }) => (Name?.startsWith('n8n_zoom_') ? Name : ARN));
    for (const name of [
      ...['n8n_zoom_main', 'n8n_zoom_reports', this.appSecret('default'), this.appSecret('reports')],
      ...[this.key(), arnOf(this.outputs, 'CredentialsLinkKey'), arnOf(this.outputs, 'CredentialsN8n')],
    ]) {
      assert.ok(left.includes(name), `${name} is not retained.`);
    }
    const { Table } = await this.callers.root.dynamodb.send(
      new DescribeTableCommand({ TableName: this.table() }),
    );
    assert.equal(Table?.TableStatus, 'ACTIVE');
  }

  private appSecret(app: string): string {
    return arnOf(this.outputs, app === 'default' ? 'CredentialsDefaultApp' : `CredentialsApp${app}`);
  }

  private key(): string {
    return arnOf(this.outputs, 'CredentialsSealingKey');
  }

  private async operate<T = object>(request: object): Promise<T> {
    const name = `${this.outputs.OperatorFunctionName}`;
    const response = await invoke<OperatorResponse>(this.callers.operator, name, request);
    if (!response.ok) throw new Error(`${response.error.message} ${response.error.action}`);
    return response.result as T;
  }

  /** The browser's last request, with its cookies where API Gateway hands them over. */
  private callback(url: URL, cookies: CookieJar): Promise<APIGatewayProxyStructuredResultV2> {
    assert.equal(`${url.origin}${url.pathname}`, this.outputs.CallbackUrl);
    const http = { method: 'GET', path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
    return invoke(this.callers.root, `${NAME}-callback`, {
      version: '2.0',
      routeKey: `GET ${url.pathname}`,
      rawPath: url.pathname,
      rawQueryString: url.search.slice(1),
      cookies: cookies.header(url).split('; '),
      headers: { host: url.host },
      requestContext: { http, requestId: 'the-consent', stage: '$default' },
      isBase64Encoded: false,
    });
  }

  private async zoomStatus(token: string | undefined): Promise<number> {
    const response = await fetch(`${this.zoomUrl}/v2/users/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await response.body?.cancel();
    return response.status;
  }

  private table(): string {
    return JSON.parse(`${this.outputs.Existing}`).table;
  }

  private async isDenied(caller: keyof Callers, SecretId: string): Promise<void> {
    await assert.rejects(
      this.callers[caller].secrets.send(new GetSecretValueCommand({ SecretId })),
      { name: 'AccessDeniedException' },
      `The caller ${caller} must not read ${SecretId}.`,
    );
  }
}
