import type { Command } from 'commander';
import type { OpenLink, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { alertTopicRemarks } from '../../connection/alert-topic.ts';
import { formatOpenLinks } from '../../connection/open-links.ts';
import { exitStatusOf, unreadableRemark } from '../../connection/remarks.ts';
import { formatDetails, formatOverview, formatRemark } from '../../connection/text.ts';
import { EXIT, UsageError } from '../../errors.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { interruption, wait } from '../../terminal/interruption.ts';
import { openScreen } from '../../terminal/screen.ts';

const WATCH_SECONDS = 5;

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('Show the status of every connection, or all details of one.')
    .argument('[connection]', 'name of the connection')
    .option('--watch', `refresh every ${WATCH_SECONDS} seconds until Ctrl-C`)
    .action(status);
  addExamples(command, [
    ['zoom-tokens status', 'shows every connection'],
    ['zoom-tokens status main', 'shows all details of one connection'],
    ['zoom-tokens status --watch', 'follows the rotations'],
    ['zoom-tokens status --json', 'for a script; the exit status says whether action is needed'],
  ]);
  addNotes(
    command,
    `
Columns:
  Valid    how long the token in n8n stays valid
  Rotated  age of the token, and of the refresh token of a user app
  Next     time until the next rotation or retry
  Consent  age of the user's consent

Exit status: 0 no action is needed, 3 a person must consent again, 4 a Zoom app must be fixed, 1 another problem.`,
  );
}

async function status(
  connection: string | undefined,
  options: { watch?: boolean },
  command: Command,
): Promise<void> {
  const session = openSession(command);
  const { output } = session;
  if (options.watch) return watch(connection, session);
  const result = await output.withSpinner('Requesting the status', () => requestStatus(connection, session));
  output.printJson(result);
  // The table of thousands of connections takes seconds.
  if (!output.json) output.print(formatStatus(connection, result));
  const exitStatus = exitStatusOf(result.connections, result.now);
  const isDamaged = result.unreadable !== undefined && exitStatus !== EXIT.reconnect;
  process.exitCode = isDamaged ? EXIT.misconfigured : exitStatus;
}

type Status = OperatorResults['status'] & { links: OpenLink[] };

/** Requests the connections, or one, and the links that wait for them. */
async function requestStatus(connection: string | undefined, { operator }: Session): Promise<Status> {
  const [status, { links }] = await Promise.all([
    operator.request('status', connection === undefined ? { alertTopic: true } : { connection }),
    operator.request('links', {}),
  ]);
  return {
    ...status,
    links: links.filter((link) => connection === undefined || link.connection === connection),
  };
}

function formatStatus(
  connection: string | undefined,
  { connections, now, unreadable = [], alertTopic, links }: Status,
): string {
  const [view] = connections;
  const waiting = links.length > 0 ? [formatOpenLinks(links, now)] : [];
  if (connection !== undefined && view) return [formatDetails(view, now), ...waiting].join('\n\n');
  const isAllDamaged = connections.length === 0 && unreadable.length > 0;
  const overview = isAllDamaged ? [] : [formatOverview(connections, now, process.stdout.columns)];
  const damaged = unreadable.map((item) =>
    formatRemark(unreadableRemark(item), `${item.connection}: unreadable. `),
  );
  const unnotified = alertTopicRemarks(alertTopic).map((remark) => formatRemark(remark));
  return [...overview, ...waiting, ...damaged, ...unnotified].join('\n\n');
}

async function watch(connection: string | undefined, session: Session): Promise<void> {
  if (!session.output.isInteractive) {
    throw new UsageError(
      '--watch needs an interactive terminal.',
      'In a script, repeat npx zoom-tokens status --json.',
    );
  }
  let text = '';
  const redraw = () => screen.draw(session.output.format(text));
  const screen = openScreen(redraw);
  try {
    for (;;) {
      text = await requestStatus(connection, session)
        .then((result) => formatStatus(connection, result))
        .catch(formatRetryable);
      redraw();
      await wait(WATCH_SECONDS);
    }
  } finally {
    screen.close();
  }
}

/** Returns the text of a retryable failure, which the next refresh may clear. Rethrows every other error. */
function formatRetryable(error: unknown): string {
  interruption.throwIfAborted();
  if (!(error instanceof Failure) || error.class !== 'retry') throw error;
  return formatRemark({ exitStatus: EXIT.failed, message: error.message, action: error.action });
}
