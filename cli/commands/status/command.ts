import type { Command } from 'commander';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { exitOf } from '../../connection/remarks.ts';
import { details, line, overview } from '../../connection/text.ts';
import { UsageError } from '../../errors.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { interruption, wait } from '../../terminal/interruption.ts';

const WATCH_SECONDS = 5;

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('Show every connection, or all about one.')
    .argument('[connection]', 'name of the connection')
    .option('--watch', `draw it again every ${WATCH_SECONDS} seconds, until Ctrl-C`)
    .action(status);
  addExamples(command, [
    ['zoom-tokens status', 'every connection'],
    ['zoom-tokens status main', 'all about one'],
    ['zoom-tokens status --watch', 'see them rotate'],
    ['zoom-tokens status --json', 'for a script; the exit status tells whether somebody has to act'],
  ]);
  command.addHelpText(
    'after',
    `
Columns:
  Valid    how long the token that n8n has works
  Rotated  how old it is, and with it the refresh token of a user app
  Next     when the next rotation or attempt is
  Consent  how long ago a user consented

Exit status: 0 nobody has to act, 3 a person must consent again, 4 a Zoom app must be fixed, 1 something else.`,
  );
}

async function status(
  connection: string | undefined,
  options: { watch?: boolean },
  command: Command,
): Promise<void> {
  const session = openSession(command);
  if (options.watch) return watch(connection, session);
  const result = await session.output.during('Asking for the status', () => look(connection, session));
  session.output.document(result);
  session.output.say(shown(connection, result));
  process.exitCode = exitOf(result.connections, result.now);
}

const look = (connection: string | undefined, { operator }: Session) =>
  operator.ask('status', connection === undefined ? {} : { connection });

function shown(connection: string | undefined, { connections, now }: OperatorResults['status']): string {
  const [one] = connections;
  if (connection !== undefined && one) return details(one, now);
  return overview(connections, now, process.stdout.columns);
}

const CLEAR = '\x1b[H\x1b[2J\x1b[3J';

async function watch(connection: string | undefined, session: Session): Promise<void> {
  if (!session.output.live) {
    throw new UsageError(
      '--watch draws on a terminal, and this is none.',
      'In a script, repeat zoom-tokens status --json.',
    );
  }
  for (;;) {
    const text = await look(connection, session)
      .then((result) => shown(connection, result))
      .catch(passing);
    session.output.say(`${CLEAR}${text}`);
    await wait(WATCH_SECONDS);
  }
}

/** What may be over at the next look is shown, and the rest ends the watch. */
function passing(error: unknown): string {
  interruption.throwIfAborted();
  if (!(error instanceof Failure) || error.class !== 'retry') throw error;
  return line({ exit: 1, message: error.message, action: error.action });
}
