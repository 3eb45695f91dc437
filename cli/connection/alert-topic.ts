import type { AlertTopic } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import type { Remark } from './remarks.ts';

/** Returns a warning where no message about a problem would reach a person. An unknown topic gets none. */
export function alertTopicRemarks(topic: AlertTopic | undefined): Remark[] {
  if (topic === undefined || 'problem' in topic || topic.confirmed > 0) return [];
  const isPending = topic.pending > 0;
  return [
    {
      exitStatus: EXIT.ok,
      message: isPending
        ? 'No one would be notified of a problem: the subscription to the alarm topic is not confirmed.'
        : 'No one would be notified of a problem: the alarm topic has no subscriber.',
      action: isPending
        ? 'Confirm it with the link in the mail "AWS Notification - Subscription Confirmation". If the mail is lost, subscribe again.'
        : `Subscribe: aws sns subscribe --topic-arn ${topic.topicArn} --protocol email --notification-endpoint <address>`,
    },
  ];
}
