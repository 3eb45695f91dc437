import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import type { LoopbackServer } from '../loopback-server.ts';
import { ask } from './ask.ts';
import type { DynamoDB } from './dynamodb.ts';

type Errors = Record<string, unknown>;
type ErrorClass = new (options: { message: string; $metadata: object }) => Error;

/** The services look at a signature's form, and do not check it. */
export const SIGNATURE = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=lab/20300101/us-east-1/lab/aws4_request, SignedHeaders=host, Signature=lab',
  'x-amz-date': '20300101T000000Z',
};

/** Performs an operation. Its input and output are as in the JSON of the API. */
type Perform = (operation: string, input: object) => Promise<{ status: number; output: object }>;

/** Is called before and after each request. */
type OnRequest = (operation: string) => void;

/**
 * Sends the commands of the AWS SDK to a local DynamoDB without the SDK's client and without HTTP. There are no retries.
 */
export const directDynamoDB = ({ perform }: DynamoDB, onRequest?: OnRequest) =>
  directClient(perform as Perform, dynamodb, onRequest) as unknown as dynamodb.DynamoDBClient;

/** As `directDynamoDB`, to a local Secrets Manager, which it asks without a socket. */
export const directSecretsManager = ({ server }: LoopbackServer, onRequest?: OnRequest) =>
  directClient(
    async (operation, input) => {
      const { status, body } = await ask(server, {
        method: 'POST',
        url: '/',
        headers: {
          host: '127.0.0.1',
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `secretsmanager.${operation}`,
        },
        body: JSON.stringify({ ...tokenFor(operation), ...input }),
      });
      return { status, output: JSON.parse(body.toString()) };
    },
    secretsManager,
    onRequest,
  ) as unknown as secretsManager.SecretsManagerClient;

/** @param errors the package of the client, which has the errors' classes */
function directClient(perform: Perform, errors: Errors, onRequest: OnRequest = () => {}) {
  const send = async (command: { input: unknown }) => {
    const operation = command.constructor.name.replace(/Command$/, '');
    onRequest(operation);
    // As every request does, it takes a turn of the event loop: concurrent calls keep their order.
    await setImmediate();
    const result = await perform(operation, toWire(command.input) as object);
    onRequest(operation);
    const output = toNative(result.output) as { __type: string; message: string };
    if (result.status < 400) return { $metadata: {}, ...output };
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

/** Returns a copy as JSON has it: binary values are base64, and there is no `undefined`. */
function toWire(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return copyOf(value, (_, each) => toWire(each));
}

/** Returns a copy with the binary values of DynamoDB, which are base64, and the dates of Secrets Manager, which are epoch seconds. */
function toNative(value: unknown): unknown {
  return copyOf(value, (key, each) => {
    if (key === 'B' && typeof each === 'string') return new Uint8Array(Buffer.from(each, 'base64'));
    if (key.endsWith('Date') && typeof each === 'number') return new Date(each * 1000);
    return toNative(each);
  });
}

/** Copies an object or a list, with `copyMember` each member that is not `undefined`. */
function copyOf(value: unknown, copyMember: (key: string, member: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each, index) => copyMember(`${index}`, each));
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) if (each !== undefined) copy[key] = copyMember(key, each);
  return copy;
}
