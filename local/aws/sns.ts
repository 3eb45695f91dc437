import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isLoopback } from '../loopback-request.ts';

/** What a subscriber of the topic gets. */
export interface Notification {
  topicArn: string;
  subject: string;
  message: string;
}

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';

/**
 * An SNS with one subscriber and the one operation Publish, in the AWS Query protocol.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * Listens on loopback only. Signatures are not checked.
 * @param options `port` 0 takes any free one
 */
export async function startSns({
  port = 0,
  deliver,
}: {
  port?: number;
  deliver: (notification: Notification) => void;
}): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const body = isLoopback(request) ? await answer(request, deliver) : undefined;
    response.writeHead(body ? 200 : 400, { 'content-type': 'text/xml' }).end(body ?? refusal());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `undefined` for what SNS would refuse. */
async function answer(
  request: IncomingMessage,
  deliver: (notification: Notification) => void,
): Promise<string | undefined> {
  const parameters = new URLSearchParams(await text(request));
  const [topicArn, subject, message] = ['TopicArn', 'Subject', 'Message'].map(
    (name) => parameters.get(name) ?? '',
  ) as [string, string, string];
  const isSubject = /^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject);
  if (parameters.get('Action') !== 'Publish' || !topicArn || !isSubject || !message) return undefined;
  deliver({ topicArn, subject, message });
  return `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`;
}

const refusal = () =>
  `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
