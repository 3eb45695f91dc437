import assert from 'node:assert/strict';
import { DescribeTableCommand, ListTablesCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { OperatorResponse } from '../../lambdas/operator-protocol.ts';
import type { SweepReport } from '../../lambdas/tokens/sweep/sweep.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';
import { type CookieJar, createCookieJar } from '../../local/zoom/cookies.ts';
import { type Caller, invoke } from './aws.ts';

const NAME = 'zoom-token-refresher';
const KEY = `${NAME}/key`;

interface People {
  root: Caller;
  operator: Caller;
  /** With the policy of the stack. */
  n8n: Caller;
  /** With the sample policy of n8n's vendor. */
  curious: Caller;
}

type Tokens = Map<string, string>;

/** The deployed system as people meet it: its API, its functions and its secrets, each with their own permissions. */
export class Deployed {
  private readonly outputs: Record<string, string>;
  private readonly zoomUrl: string;
  private readonly people: People;

  constructor(outputs: Record<string, string>, zoomUrl: string, people: People) {
    this.outputs = outputs;
    this.zoomUrl = zoomUrl;
    this.people = people;
  }

  async writeApp(app: string, credentials: object): Promise<void> {
    const { secrets } = this.people.operator;
    const SecretId = `${NAME}/app/${app}`;
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(credentials) }));
    for (const secret of [SecretId, KEY]) await this.isDenied('operator', secret);
  }

  async refusesStrangers(): Promise<void> {
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
      'A preview of the link must get its page, and not spend it.',
    );
    const cookies = createCookieJar();
    const { url } = await consentAsBrowser(link, { cookies });
    const { statusCode, body = '' } = await this.callback(new URL(url), cookies);
    assert.equal(statusCode, 200, `The consent ended with ${statusCode}: ${body}`);
    assert.match(body, new RegExp(`secrets\\.aws\\.n8n_zoom_${connection}`));
    const again = await consentAsBrowser(link);
    assert.equal(again.status, 410, 'A link must open once.');
  }

  rotate(connection: string): Promise<object> {
    return this.operate({ action: 'rotate', connection });
  }

  /** What the clock does in an hour. */
  async makeDue(connection: string): Promise<void> {
    const now = String(Math.floor(Date.now() / 1000));
    await this.people.root.dynamodb.send(
      new UpdateItemCommand({
        TableName: await this.table(),
        Key: { connection: { S: connection } },
        UpdateExpression: 'SET dueAt = :now, expiresAt = :now',
        ExpressionAttributeValues: { ':now': { N: now } },
      }),
    );
  }

  async sweep(): Promise<void> {
    const report = await invoke<SweepReport>(this.people.root, `${NAME}-rotate`, {});
    assert.deepEqual([report.rotated, report.publishFailed], [1, 0]);
    // The other connection's first publication counted as failed there; its repetition falls due within half a minute.
    assert.ok([1, 2].includes(report.published), `${report.published} tokens were published.`);
  }

  read(): Promise<Tokens> {
    return readAsN8n(this.people.n8n.secrets);
  }

  /** n8n reads these connections and nothing else, and Zoom accepts each token. */
  async readAll(connections: string[]): Promise<Tokens> {
    const tokens = await this.read();
    const names = connections.map((connection) => `n8n_zoom_${connection}`);
    assert.deepEqual([...tokens.keys()].sort(), names.sort());
    for (const name of names) assert.equal(await this.asked(tokens.get(name)), 200, `${name} is refused.`);
    return tokens;
  }

  /** The connection has another token than before, the others have the same; Zoom accepts all. */
  async replaced(connection: string, before: Tokens): Promise<Tokens> {
    const names = [...before.keys()].map((name) => name.replace('n8n_zoom_', ''));
    const tokens = await this.readAll(names);
    for (const [name, token] of tokens) {
      assert.equal(
        token !== before.get(name),
        name === `n8n_zoom_${connection}`,
        `${name} is not as expected.`,
      );
    }
    return tokens;
  }

  async sampleOpensNothingElse(): Promise<void> {
    const seen = await readAsN8n(this.people.curious.secrets);
    assert.deepEqual([...seen.keys()].sort(), ['n8n_zoom_main', 'n8n_zoom_reports']);
    for (const secret of [KEY, `${NAME}/app/default`, `${NAME}/app/reports`]) {
      await this.isDenied('curious', secret);
      await this.isDenied('n8n', secret);
    }
  }

  async keepsOnlyData(): Promise<void> {
    const { lambda, secrets } = this.people.root;
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand());
    assert.deepEqual(Functions, []);
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand());
    assert.deepEqual(SecretList.map(({ Name }) => Name).sort(), [
      'n8n_zoom_main',
      'n8n_zoom_reports',
      `${NAME}/app/default`,
      `${NAME}/app/reports`,
      KEY,
      `${NAME}/n8n`,
    ]);
    const { Table } = await this.people.root.dynamodb.send(
      new DescribeTableCommand({ TableName: await this.table() }),
    );
    assert.equal(Table?.TableStatus, 'ACTIVE');
  }

  private async operate<T = object>(request: object): Promise<T> {
    const name = `${this.outputs.OperatorFunctionName}`;
    const answer = await invoke<OperatorResponse>(this.people.operator, name, request);
    if (!answer.ok) throw new Error(`${answer.error.message} ${answer.error.action}`);
    return answer.result as T;
  }

  /** The browser's last request, with its cookies where API Gateway hands them over. */
  private callback(url: URL, cookies: CookieJar): Promise<APIGatewayProxyStructuredResultV2> {
    assert.equal(`${url.origin}${url.pathname}`, this.outputs.CallbackUrl);
    const http = { method: 'GET', path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
    return invoke(this.people.root, `${NAME}-callback`, {
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

  private async asked(token: string | undefined): Promise<number> {
    const answer = await fetch(`${this.zoomUrl}/v2/users/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body?.cancel();
    return answer.status;
  }

  private async table(): Promise<string | undefined> {
    const { TableNames = [] } = await this.people.root.dynamodb.send(new ListTablesCommand());
    return TableNames.find((name) => name.startsWith(NAME));
  }

  private async isDenied(who: keyof People, SecretId: string): Promise<void> {
    await assert.rejects(
      this.people[who].secrets.send(new GetSecretValueCommand({ SecretId })),
      { name: 'AccessDeniedException' },
      `${who} must not read ${SecretId}.`,
    );
  }
}
