import { type Command, InvalidArgumentError } from 'commander';
import { formatHistory } from '../../connection/history-text.ts';
import { openSession } from '../../session.ts';
import { parseDuration } from '../../terminal/duration.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { clockNote } from '../../terminal/time.ts';

export function addHistory(program: Command): void {
  const command = program
    .command('history')
    .description('Show what happened to a connection, and why.')
    .argument('<connection>', 'name of the connection')
    .option('--since <duration>', 'only the last 45m, 24h or 7d (default: all that is kept)', parseSince)
    .action(history);
  addExamples(command, [
    ['zoom-tokens history main', 'shows all that is kept, the newest last'],
    ['zoom-tokens history main --since 24h', 'shows the last day'],
  ]);
  addNotes(
    command,
    `
The last 30 events are kept, for 90 days after the newest: consents, failures, recoveries, alerts, pushes to n8n, moves and the disconnection. A rotation that goes well is no event. A failure that repeats is one event with its number and its last time.

The request id finds the log: aws logs tail /aws/lambda/<function> --filter-pattern '"<request id>"' --since <time>`,
  );
}

function parseSince(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('Expected a duration such as 45m, 24h or 7d.');
}

async function history(connection: string, { since }: { since?: number }, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const result = await output.withSpinner('Requesting the history', () =>
    operator.request('history', { connection, ...(since !== undefined && { seconds: since }) }),
  );
  output.printJson(result);
  const { entries, now } = result;
  output.print(
    entries.length > 0
      ? [...entries.map((entry) => formatHistory(entry, now)), ...clockNote(now)].join('\n\n')
      : `Nothing is noted of "${connection}"${since === undefined ? '' : ' in this time'}. Rotations that go well are not.`,
  );
}
