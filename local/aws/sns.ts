import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
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
 * Starts an SNS in the AWS Query protocol with two operations: Publish, and GetTopicAttributes for the numbers of subscribers.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
 * Listens on loopback only. Signatures are not checked.
 * @param options `port` 0 takes any free one; `deliver` is the subscriber, which counts as confirmed unless `subscribers` says otherwise
 */
export async function startSns({
  port = 0,
  deliver,
  subscribers = { confirmed: 1, pending: 0 },
}: {
  port?: number;
  deliver: (notification: Notification) => void;
  subscribers?: { confirmed: number; pending: number };
}): Promise<LoopbackServer> {
  const server = createServer(async (request, response) => {
    const parameters = new URLSearchParams(await text(request));
    const body = hasLoopbackHost(request) ? perform(parameters, deliver, subscribers) : undefined;
    response.writeHead(body ? 200 : 400, { 'content-type': 'text/xml' }).end(body ?? invalidParameter());
  });
  return listenOnLoopback(server, port);
}

/** Returns the response body; `undefined` for a request that SNS would reject. */
function perform(
  parameters: URLSearchParams,
  deliver: (notification: Notification) => void,
  subscribers: { confirmed: number; pending: number },
): string | undefined {
  if (parameters.get('Action') === 'Publish') return publish(parameters, deliver);
  if (parameters.get('Action') !== 'GetTopicAttributes' || !parameters.get('TopicArn')) return undefined;
  const attributes = {
    TopicArn: parameters.get('TopicArn'),
    SubscriptionsConfirmed: subscribers.confirmed,
    SubscriptionsPending: subscribers.pending,
    SubscriptionsDeleted: 0,
  };
  const entries = Object.entries(attributes).map(
    ([key, value]) => `<entry><key>${key}</key><value>${value}</value></entry>`,
  );
  return `<GetTopicAttributesResponse xmlns="${NAMESPACE}"><GetTopicAttributesResult><Attributes>${entries.join('')}</Attributes></GetTopicAttributesResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></GetTopicAttributesResponse>`;
}

/** Delivers the message and returns the response body. */
function publish(
  parameters: URLSearchParams,
  deliver: (notification: Notification) => void,
): string | undefined {
  const [topicArn, subject, message] = ['TopicArn', 'Subject', 'Message'].map(
    (name) => parameters.get(name) ?? '',
  ) as [string, string, string];
  const isSubject = /^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject);
  if (!topicArn || !isSubject || !message) return undefined;
  deliver({ topicArn, subject, message });
  return `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`;
}

const invalidParameter = () =>
  `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
