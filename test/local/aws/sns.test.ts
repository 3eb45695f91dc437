import '../../support/services/aws-environment.ts';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Notification, startSns } from '../../../local/aws/sns.ts';

const TopicArn = 'arn:aws:sns:us-east-1:000000000000:alarms';
let delivered: Notification[];
let sns: Awaited<ReturnType<typeof startSns>>;
let client: SNSClient;
beforeEach(async () => {
  delivered = [];
  sns = await startSns({ deliver: (notification) => delivered.push(notification) });
  client = new SNSClient({ endpoint: sns.url });
});
afterEach(async () => {
  client.destroy();
  await sns.close();
});

describe('the local SNS', () => {
  test('delivers what the SDK publishes, and returns its id', async () => {
    const publish = { TopicArn, Subject: 'Zoom: "main"', Message: 'One & two\n\n<three>' };
    expect((await client.send(new PublishCommand(publish))).MessageId).toMatch(/^[\w-]{36}$/);
    expect(delivered).toEqual([{ topicArn: TopicArn, subject: publish.Subject, message: publish.Message }]);
  });

  test.each([
    ['a subject that is too long', { Subject: 'x'.repeat(101), Message: 'm' }],
    ['a subject of two lines', { Subject: 'one\ntwo', Message: 'm' }],
    ['a subject that is not ASCII', { Subject: '“main”', Message: 'm' }],
    ['an empty message', { Subject: 's', Message: '' }],
  ])('refuses %s, as SNS does', async (_, publish) => {
    await expect(client.send(new PublishCommand({ TopicArn, ...publish }))).rejects.toMatchObject({
      name: expect.stringContaining('InvalidParameter'),
    });
    expect(delivered).toEqual([]);
  });

  test.each([
    ['evil.example', 400, 0],
    ['localhost', 200, 1],
  ])('responds to a publication with the Host header %s with %i', async (host, status, deliveries) => {
    const body = new URLSearchParams({ Action: 'Publish', TopicArn, Subject: 's', Message: 'm' });
    const request = httpRequest(sns.url, { method: 'POST', headers: { host } }).end(`${body}`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
    expect(delivered).toHaveLength(deliveries);
  });
});
