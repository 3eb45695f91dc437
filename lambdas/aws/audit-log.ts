import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { AUDIT_LOG_STREAM } from '../contract.ts';
import { Failure } from '../tokens/errors.ts';
import { CLIENT_OPTIONS } from './client-options.ts';
import { accessDenied, errorName, isAccessDenied, isKmsFault, isNotFound } from './sdk-errors.ts';

/** An operator waits, and nothing has been changed yet. */
const CLIENT = { ...CLIENT_OPTIONS, maxAttempts: 2 };

/** The fields of a command of an operator. */
type AuditLine = Record<string, string | number | boolean | undefined>;

/** Creates the client of its package, which is loaded with the first line. */
type MakeLogsClient = (Client: typeof CloudWatchLogsClient) => CloudWatchLogsClient;

/** Stores one line. Rejects with a `Failure` when the line may not be stored. */
export type WriteAuditLine = (line: AuditLine) => Promise<void>;

/**
 * Returns a function that stores a line in the stack's audit log. It returns once CloudWatch Logs has the line. A line whose
 * response was lost is sent again, and may then be stored twice. The client is loaded with the first line.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 * @param now epoch seconds
 * @throws {Failure} `misconfigured` (`audit_denied`, `audit_log_gone`, `kms_unusable`) or `retry` (`audit_unavailable`)
 */
export function createAuditLog(
  logGroupName: string,
  now: () => number,
  makeClient: MakeLogsClient = (Client) => new Client(CLIENT),
): WriteAuditLine {
  let client: CloudWatchLogsClient | undefined;
  return async (line) => {
    const { CloudWatchLogsClient, PutLogEventsCommand } = await import('./logs-client.ts');
    client ??= makeClient(CloudWatchLogsClient);
    const put = new PutLogEventsCommand({
      logGroupName,
      logStreamName: AUDIT_LOG_STREAM,
      logEvents: [{ timestamp: now() * 1000, message: JSON.stringify(line) }],
    });
    const { rejectedLogEventsInfo } = await client.send(put).catch((error: unknown) => {
      throw refusal(error, logGroupName);
    });
    // A success as HTTP sees it: the line is too old or too new for the log, and was discarded.
    if (rejectedLogEventsInfo) throw unavailable('the line was rejected for its time');
  };
}

function refusal(error: unknown, logGroupName: string): Failure {
  if (isAccessDenied(error)) {
    return accessDenied(
      'audit_denied',
      `Nothing was changed: the function may not write to the audit log ${logGroupName}, and no command is carried out without its line there.`,
    );
  }
  if (isNotFound(error)) {
    return new Failure(
      'misconfigured',
      'audit_log_gone',
      `Nothing was changed: the audit log ${logGroupName} no longer exists, and no command is carried out without its line there.`,
      `Create it again (a part that still exists is refused): aws logs create-log-group --log-group-name ${logGroupName}; aws logs create-log-stream --log-group-name ${logGroupName} --log-stream-name ${AUDIT_LOG_STREAM}`,
    );
  }
  if (isKmsFault(error)) {
    return new Failure(
      'misconfigured',
      'kms_unusable',
      `Nothing was changed: the KMS key of the audit log ${logGroupName} cannot be used (${errorName(error)}), and no command is carried out without its line there.`,
      `Enable the key: aws kms enable-key --key-id <key>, after aws kms cancel-key-deletion --key-id <key> where its deletion is scheduled. Or take it off the log: aws logs disassociate-kms-key --log-group-name ${logGroupName}`,
    );
  }
  return unavailable(errorName(error));
}

function unavailable(reason: string): Failure {
  return new Failure(
    'retry',
    'audit_unavailable',
    `Nothing was changed: CloudWatch Logs did not store the audit line (${reason}), and no command is carried out without one.`,
    'Run the command again in a few minutes. See the AWS Health Dashboard if this lasts.',
  );
}
