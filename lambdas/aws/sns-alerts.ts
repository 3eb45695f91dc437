import type { SNSClient } from '@aws-sdk/client-sns';
import { withNamedCommands } from '../contract.ts';
import type { Alerts } from '../tokens/dependencies.ts';
import {
  type AlertMessage,
  expiredMessage,
  incidentMessage,
  reconnectMessage,
  recoveredMessage,
} from '../tokens/sweep/alert-messages.ts';
import { CLIENT_OPTIONS } from './client-options.ts';

/** At most two attempts: a topic that hangs must take less than the 20 s that a sweep reserves. */
const CLIENT = { ...CLIENT_OPTIONS, maxAttempts: 2 };

/**
 * Sends alerts to an SNS topic, or nowhere without one. The client is imported with the first alert, because nearly every
 * sweep sends none.
 * @param installation its name, for the commands in a message
 */
export function createAlerts(topicArn: string | undefined, installation?: string): Alerts {
  let client: SNSClient | undefined;
  const send = async ({ subject, message }: AlertMessage): Promise<void> => {
    if (topicArn === undefined) return;
    const { PublishCommand, SNSClient } = await import('./sns-client.ts');
    client ??= new SNSClient(CLIENT);
    const Message = withNamedCommands(message, installation);
    const publish = new PublishCommand({ TopicArn: topicArn, Subject: subject, Message });
    const { MessageId } = await client.send(publish);
    // A truncated response must not pass for a success.
    if (!MessageId) throw new Error('SNS responded without the id of the message');
  };
  return {
    reconnectNeeded: (items, links) => send(reconnectMessage(items, links)),
    tokensExpired: (items) => send(expiredMessage(items)),
    recovered: (items) => send(recoveredMessage(items)),
    incidentAssumed: (incident) => send(incidentMessage(incident)),
  };
}
