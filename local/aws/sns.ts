import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { hasLoopbackHost } from '../loopback-host.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts';

/** A message as a subscriber of the topic receives it. */
export interface Notification {
  topicArn: string;
  subject: string;
  message: string;
}

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';

/**
 * Starts an SNS that has one subscriber and one operation, Publish, in the AWS Query protocol.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * Listens on loopback only. Signatures are not checked.
 * @param options `port` 0 takes any free one; `deliver` is the subscriber
 */
export async function startSns({
  port = 0,
  deliver,
}: {
  port?: number;
  deliver: (notification: Notification) => void;
}): Promise<LoopbackServer> {
  const server = createServer(async (request, response) => {
    const body = hasLoopbackHost(request) ? await publish(request, deliver) : undefined;
    response.writeHead(body ? 200 : 400, { 'content-type': 'text/xml' }).end(body ?? invalidParameter());
  });
  return listenOnLoopback(server, port);
}

/** Delivers the message and returns the response body; `undefined` for a request that SNS would reject. */
async function publish(
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

const invalidParameter = () =>
  `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
