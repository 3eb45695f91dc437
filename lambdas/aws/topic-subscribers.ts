import { Failure } from '../tokens/errors.ts';
import type { TopicSubscribers } from '../tokens/operate/alert-topic.ts';
import { CLIENT_OPTIONS } from './client-options.ts';
import { accessDenied, errorName } from './sdk-errors.ts';
import { GetTopicAttributesCommand, SNSClient } from './sns-client.ts';

/**
 * Returns how many subscriptions of a topic are confirmed, and how many wait for their confirmation.
 * https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
 * @throws {Failure} `misconfigured` (`sns_denied`, `topic_gone`) or `retry` (`sns_unavailable`)
 */
export async function topicSubscribers(topicArn: string): Promise<TopicSubscribers> {
  const client = new SNSClient({ ...CLIENT_OPTIONS, maxAttempts: 2 });
  try {
    const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
    const confirmed = Number(Attributes?.SubscriptionsConfirmed);
    const pending = Number(Attributes?.SubscriptionsPending);
    // A truncated response must not pass for a topic without subscribers.
    if (!Number.isInteger(confirmed) || !Number.isInteger(pending)) throw new Error('incomplete response');
    return { confirmed, pending };
  } catch (error) {
    throw readFailure(error, topicArn);
  } finally {
    client.destroy();
  }
}

function readFailure(error: unknown, topicArn: string): Failure {
  // SNS calls its errors AuthorizationError and NotFound, the SDK with the suffix Exception.
  if (/^(AuthorizationError|AccessDenied)/.test(errorName(error))) {
    return accessDenied('sns_denied', 'The function is not allowed to read the alarm topic.');
  }
  if (/^NotFound/.test(errorName(error))) {
    return new Failure(
      'misconfigured',
      'topic_gone',
      'No one is notified of problems: the alarm topic no longer exists.',
      // Its name makes its ARN. CloudFormation does not notice that it is gone.
      `Create it again: aws sns create-topic --name ${topicArn.split(':').at(-1)}. Then subscribe: aws sns subscribe --topic-arn ${topicArn} --protocol email --notification-endpoint <address>`,
    );
  }
  return new Failure(
    'retry',
    'sns_unavailable',
    `SNS did not return the subscribers of the alarm topic (${errorName(error)}).`,
    'Check again in a few minutes.',
  );
}
