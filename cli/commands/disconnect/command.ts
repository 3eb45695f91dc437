import type { Command } from 'commander';
import {
  assertName,
  bundleOf,
  type ConnectionView,
  Failure,
  type OperatorResults,
  placesOf,
  secretOf,
} from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { canPrompt, promptConfirmation } from '../../terminal/prompts.ts';
import { formatDate, formatTime } from '../../terminal/time.ts';

interface DisconnectOptions {
  yes?: boolean;
  now?: boolean;
}

export function addDisconnect(program: Command): void {
  const command = program
    .command('disconnect')
    .description(
      'End a connection: revoke its tokens at Zoom, and delete them and the secret that n8n reads.',
    )
    .argument('<connection>', 'name of the connection')
    .option('--yes', 'skip the confirmation')
    .option('--now', 'delete the secret immediately, without a recovery window')
    .action(disconnect);
  addExamples(command, [
    ['zoom-tokens disconnect main', 'asks for confirmation first'],
    ['zoom-tokens disconnect main --yes', 'for a script'],
    ['zoom-tokens disconnect main --now', 'frees the name of the secret immediately'],
  ]);
}

async function disconnect(
  connection: string,
  { yes, now }: DisconnectOptions,
  command: Command,
): Promise<void> {
  const { operator, output } = openSession(command);
  assertName('connection', connection);
  if (!yes) {
    if (!canPrompt()) {
      throw new UsageError(
        'Not disconnected: confirm with --yes. A confirmation needs an interactive terminal, and this is none.',
        `Run: npx zoom-tokens disconnect ${connection} --yes`,
      );
    }
    const { connections } = await operator.request('status', { connection });
    const ended = connections.filter((view) => !now && view.status === 'disconnected');
    for (const view of connections) {
      if (!ended.includes(view)) output.printNotice(consequences(view, now ?? false));
    }
    // A repetition ends nothing that the person could keep.
    if (ended.length === 0 && !(await promptConfirmation(`Disconnect "${connection}"?`))) {
      throw new Failure(
        'rejected',
        'declined',
        'Not disconnected: you declined.',
        'Run the command again and confirm with y.',
      );
    }
  }
  const result = await output.withSpinner(`Disconnecting "${connection}"`, () =>
    operator.request('disconnect', { connection, ...(now && { force: true }) }),
  );
  output.printJson(result);
  output.print(formatResult(result));
}

function consequences(view: ConnectionView, now: boolean): string {
  const { connection } = view;
  const recovery = now ? 'without a recovery window' : 'with a recovery window of some days';
  const places = ofEachPlace(view, {
    bundle: (name) => `takes its token out of the bundle "${name}"`,
    own: (secret) => `deletes the secret ${secret} ${recovery}`,
  });
  return [
    `This ${['revokes its tokens at Zoom', ...places].join(', and ')}.`,
    `From then on, workflows in n8n that use "${connection}" fail.`,
  ].join('\n');
}

/** Returns a text for each place where a connection is published: its own, and those that it has left. */
function ofEachPlace(
  view: ConnectionView,
  text: { bundle(name: string): string; own(secret: string): string },
): string[] {
  return placesOf(view).flatMap((place) => {
    const bundle = bundleOf(place);
    if (bundle !== undefined) return text.bundle(bundle);
    const secret = secretOf({ connection: view.connection, place });
    return secret === undefined ? [] : text.own(secret);
  });
}

/** Without a recovery window, Secrets Manager names the time of the request, by a clock that may differ a little. */
const CLOCK_SECONDS = 60;

const recoveryText = (deletedAt: number, now: number): string =>
  deletedAt > now + CLOCK_SECONDS
    ? `It can be restored until ${formatDate(deletedAt)}.`
    : 'It cannot be restored.';

function formatResult(result: OperatorResults['disconnect']): string {
  const { now, connection, revoked, secretDeletedAt, repeated = false } = result;
  const { connection: name, targets = [], disconnectedAt = now } = connection;
  const restorable = secretDeletedAt === undefined ? '' : ` ${recoveryText(secretDeletedAt, now)}`;
  const places = ofEachPlace(connection, {
    bundle: (bundle) => `Its token is no longer in the bundle "${bundle}".`,
    own: (secret) => `The secret ${secret} is deleted.${restorable}`,
  });
  const zoom = revoked
    ? 'Zoom has revoked its tokens.'
    : 'Zoom has not revoked a token. The last access token expires within the hour.';
  const pushed = targets.map(({ instance, overwrittenAt }) =>
    overwrittenAt === undefined
      ? `The n8n "${instance}" still holds the last token until it expires.`
      : `The token in the n8n "${instance}" is overwritten.`,
  );
  const lines = [zoom, ...places, ...pushed].map((line) => `  ${line}`);
  const state = repeated
    ? `has been disconnected since ${formatTime(disconnectedAt, now)}.`
    : 'is disconnected.';
  return [`${paint('green', '✔')} "${name}" ${state}`, ...lines].join('\n');
}
