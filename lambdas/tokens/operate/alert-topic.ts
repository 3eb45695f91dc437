import { type FailureDetails, toFailure } from '../errors.ts';

/** Numbers of subscriptions. */
export interface TopicSubscribers {
  confirmed: number;
  /** Subscriptions by e-mail whose mail was not confirmed. */
  pending: number;
}

/** Returns the subscribers of the topic of the alerts. */
export type CountSubscribers = (topicArn: string) => Promise<TopicSubscribers>;

/** The topic of the alerts, and its subscribers or why they are not known. */
export type AlertTopic = { topicArn: string } & (TopicSubscribers | { problem: FailureDetails });

/** Checks whether a message to the topic reaches a person. Never rejects. */
export async function checkAlertTopic(topicArn: string, count: CountSubscribers): Promise<AlertTopic> {
  try {
    return { topicArn, ...(await count(topicArn)) };
  } catch (error) {
    return { topicArn, problem: toFailure(error) };
  }
}
