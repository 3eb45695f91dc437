import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { alertTopicRemarks } from '../../connection/alert-topic.ts';
import { type Finding, failed, note, skipped, well, wrong } from './finding.ts';

/** Returns whether the alarms and the alerts reach a person. */
export function alertFindings({ alertTopic }: OperatorResults['check']): Finding[] {
  if (alertTopic === undefined) return [skipped('alerts', 'the operator function does not know the topic.')];
  if ('problem' in alertTopic) return [failed('alerts', alertTopic.problem)];
  const { confirmed, pending } = alertTopic;
  if (confirmed === 0) {
    return alertTopicRemarks(alertTopic).map(({ message, action }) => wrong('alerts', message, action));
  }
  const subscribers = confirmed === 1 ? '1 confirmed subscriber' : `${confirmed} confirmed subscribers`;
  return [
    well('alerts', `The alarm topic has ${subscribers}.`),
    ...(pending === 0
      ? []
      : [
          note('alerts', 'A subscription to the alarm topic is not confirmed.', 'Confirm the mail from AWS.'),
        ]),
  ];
}
