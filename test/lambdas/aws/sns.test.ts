import '../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAlerts } from '../../../lambdas/aws/sns-alerts.ts';
import { topicSubscribers } from '../../../lambdas/aws/topic-subscribers.ts';
import { DEFAULT_NAME } from '../../../lambdas/contract.ts';
import { withAlerts } from '../../../lambdas/rotate.ts';
import type { Runtime } from '../../../lambdas/runtime.ts';
import { listen } from '../../support/network/listen.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alarms';
const incident = { app: 'default', since: 1_900_000_000, refused: 3, granted: 0 };

/** The response of SNS. */
let response = '';
let requests: URLSearchParams[] = [];
let close: () => Promise<void>;
beforeAll(async () => {
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    requests.push(new URLSearchParams(Buffer.concat(chunks).toString()));
    reply.writeHead(200, { 'content-type': 'text/xml' }).end(response);
  });
  const listening = await listen(server);
  close = listening.close;
  process.env.AWS_ENDPOINT_URL_SNS = `http://${listening.address}`;
});
beforeEach(() => {
  requests = [];
});
afterAll(() => close());

const respond = (action: string, result: string) => {
  const namespace = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';
  response = `<${action}Response ${namespace}><${action}Result>${result}</${action}Result></${action}Response>`;
};
const attributes = (values: Record<string, string>) =>
  `<Attributes>${Object.entries(values)
    .map(([key, value]) => `<entry><key>${key}</key><value>${value}</value></entry>`)
    .join('')}</Attributes>`;

describe('an alert', () => {
  test('is published to the topic', async () => {
    respond('Publish', '<MessageId>1</MessageId>');
    await createAlerts(TOPIC).incidentAssumed(incident);
    const [request] = requests;
    expect(requests).toHaveLength(1);
    expect(request?.get('TopicArn')).toBe(TOPIC);
    expect(request?.get('Subject')).toBe('Zoom refuses most connections of the app default');
  });

  test('names the installation in its commands, unless it is the default one', async () => {
    respond('Publish', '<MessageId>1</MessageId>');
    for (const name of ['zoom', DEFAULT_NAME]) {
      const runtime = { alertTopicArn: TOPIC, installation: { name } } as Runtime;
      await withAlerts(runtime).alerts.incidentAssumed(incident);
    }
    const commands = requests.map((request) => /npx .*/.exec(request.get('Message') ?? '')?.[0]);
    expect(commands).toEqual(['npx zoom-tokens --name zoom status', 'npx zoom-tokens status']);
  });

  test('has failed where the response lacks the id of the message', async () => {
    respond('Publish', '');
    await expect(createAlerts(TOPIC).incidentAssumed(incident)).rejects.toThrow('without the id');
  });

  test('goes nowhere without a topic', async () => {
    await createAlerts(undefined).incidentAssumed(incident);
    expect(requests).toEqual([]);
  });
});

describe('the subscribers of the topic', () => {
  test('are those that SNS counts', async () => {
    respond('GetTopicAttributes', attributes({ SubscriptionsConfirmed: '2', SubscriptionsPending: '1' }));
    expect(await topicSubscribers(TOPIC)).toEqual({ confirmed: 2, pending: 1 });
  });

  test.each<Record<string, string>>([
    {},
    { SubscriptionsConfirmed: '0' },
    { SubscriptionsPending: '0' },
    { SubscriptionsConfirmed: 'many', SubscriptionsPending: '0' },
  ])('are not known from an incomplete response: %j', async (values) => {
    respond('GetTopicAttributes', attributes(values));
    await expect(topicSubscribers(TOPIC)).rejects.toMatchObject({ code: 'sns_unavailable' });
  });
});
