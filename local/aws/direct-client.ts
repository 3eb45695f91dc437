import { randomUUID } from 'node:crypto';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import type { LoopbackServer } from '../loopback-server.ts';
import { ask } from './ask.ts';

type Errors = Record<string, unknown>;
type ErrorClass = new (options: { message: string; $metadata: object }) => Error;

/** The services look at a signature's form, and do not check it. */
export const SIGNATURE = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=lab/20300101/us-east-1/lab/aws4_request, SignedHeaders=host, Signature=lab',
  'x-amz-date': '20300101T000000Z',
};

/** How a service is asked. `target` stands before an operation's name in the header `X-Amz-Target`. */
interface Service {
  target: string;
  contentType: string;
  /** The package of the client, which has the errors' classes. */
  errors: Errors;
}

const DYNAMODB = { target: 'DynamoDB_20120810', contentType: 'application/x-amz-json-1.0', errors: dynamodb };
const SECRETS = {
  target: 'secretsmanager',
  contentType: 'application/x-amz-json-1.1',
  errors: secretsManager,
};

/** Is called before and after each request. */
type OnRequest = (operation: string) => void;

/**
 * Sends the commands of the AWS SDK to a local DynamoDB without the SDK's client and without a socket, for a quarter of the
 * work. There are no retries.
 */
export const directDynamoDB = (to: LoopbackServer, onRequest?: OnRequest) =>
  directClient(to, DYNAMODB, onRequest) as unknown as dynamodb.DynamoDBClient;

/** As `directDynamoDB`, to a local Secrets Manager. */
export const directSecretsManager = (to: LoopbackServer, onRequest?: OnRequest) =>
  directClient(to, SECRETS, onRequest) as unknown as secretsManager.SecretsManagerClient;

function directClient(
  { server }: LoopbackServer,
  { target, contentType, errors }: Service,
  onRequest: OnRequest = () => {},
) {
  const send = async (command: { input: unknown }) => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const headers = {
      ...SIGNATURE,
      host: '127.0.0.1',
      'content-type': contentType,
      'x-amz-target': `${target}.${operation}`,
    };
    onRequest(operation);
    const { status, body } = await ask(server, {
      method: 'POST',
      url: '/',
      headers,
      body: JSON.stringify(toWire({ ...tokenFor(operation), ...(command.input as object) })),
    });
    onRequest(operation);
    const output = JSON.parse(body.toString());
    toNative(output);
    if (status < 400) return { $metadata: {}, ...output };
    throw errorOf(output, errors);
  };
  return { send, destroy() {} };
}

function errorOf({ __type, message, ...rest }: { __type: string; message: string }, errors: Errors): Error {
  const name = __type.split('#').at(-1) ?? __type;
  const Class = errors[name] as ErrorClass | undefined;
  const error = Class ? new Class({ ...rest, message, $metadata: {} }) : new Error(message);
  return Object.assign(error, { name });
}

/** Names a secret's version, as the SDK does where the caller does not. */
const tokenFor = (operation: string) =>
  /^(CreateSecret|PutSecretValue|UpdateSecret)$/.test(operation) ? { ClientRequestToken: randomUUID() } : {};

/** Returns a copy in which binary values are base64. */
function toWire(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toWire);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = toWire(value[key as keyof typeof value]);
  return copy;
}

/** Replaces binary values of DynamoDB, which are base64, and dates of Secrets Manager, which are epoch seconds. */
function toNative(value: Record<string, unknown>): void {
  for (const key of Object.keys(value)) {
    const each = value[key];
    if (typeof each === 'object' && each !== null) toNative(each as Record<string, unknown>);
    else if (key === 'B' && typeof each === 'string')
      value[key] = new Uint8Array(Buffer.from(each, 'base64'));
    else if (key.endsWith('Date') && typeof each === 'number') value[key] = new Date(each * 1000);
  }
}
