import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FleetState } from '../../../lambdas/operator-protocol.ts';
import { FLEET_STATES, SORTS } from '../../../lambdas/operator-protocol.ts';
import { requestStatus, statusPages } from '../../connection/list-connections.ts';
import { exitStatusOf } from '../../connection/remarks.ts';
import { UsageError } from '../../errors.ts';
import type { RequestParameters } from '../../operator-client.ts';
import { openSession, type Session } from '../../session.ts';
import { filled } from '../../terminal/filled.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { passedOptions } from '../../terminal/passed-options.ts';
import { printListAsJson } from './json.ts';
import { emptyText, exitStatusOfPage, formatList, mostSevere, notesOf, tableInParts } from './list.ts';
import { formatOne } from './one.ts';
import { WATCH_SECONDS, watch } from './watch.ts';

interface StatusOptions {
  watch?: boolean;
  state?: FleetState[];
  app?: string;
  search?: string;
  sort: 'attention' | (typeof SORTS)[number];
  limit?: number;
  all?: boolean;
}

/** Notes after which no further page is looked through for more. */
const MAX_NOTES = 20;
/** Connections that a pipe gets without `--limit` and `--all`. */
const DEFAULT_LIMIT = 50;
/** The least and the most connections that a terminal gets, by its height. */
const TERMINAL_LIMITS = [10, 100] as const;

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('Show the connections, those that need attention first, or all details of one.')
    .argument('[connection]', 'name of the connection')
    .addOption(
      new Option('--state <state>', 'only connections in this state; can be repeated')
        .choices(FLEET_STATES)
        .argParser(addState),
    )
    .option('--app <app>', 'only connections of this Zoom app', filled)
    .option('--search <text>', 'only connections whose name contains this text', filled)
    .addOption(
      new Option('--sort <order>', 'order of the connections')
        .choices(['attention', ...SORTS])
        .default('attention'),
    )
    .addOption(
      new Option('--limit <number>', 'most connections to show (default: what the terminal holds, or 50)')
        .argParser(parseLimit)
        .conflicts(['all', 'watch']),
    )
    .addOption(new Option('--all', 'show every connection').conflicts('watch'))
    .option('--watch', `refresh every ${WATCH_SECONDS} seconds until Ctrl-C`)
    .action(status);
  addExamples(command, [
    ['zoom-tokens status', 'shows how many are well, and those that are not'],
    ['zoom-tokens status main', 'shows all details of one connection'],
    ['zoom-tokens status --state reconnect --all', 'shows all that need a person'],
    ['zoom-tokens status --watch', 'follows the rotations'],
    ['zoom-tokens status --json', 'prints every connection, for a script'],
  ]);
  addNotes(
    command,
    `
States: reconnect (a person must consent again), misconfigured (a Zoom app must be fixed), expired (n8n has no valid token), suspect (Zoom refused the refresh token once), failing (the last step failed), active, disconnected.

Columns:
  Valid    how long the token in n8n stays valid
  Rotated  age of the token, and of the refresh token of a user app
  Next     time until the next rotation or retry
  Consent  age of the user's consent

Exit status: 0 no action is needed, 3 a person must consent again, 4 a Zoom app must be fixed, 1 another problem.`,
  );
}

function addState(state: string, states: FleetState[] = []): FleetState[] {
  const known = FLEET_STATES.find((each) => each === state);
  if (!known) throw new InvalidArgumentError(`Allowed choices are ${FLEET_STATES.join(', ')}.`);
  return [...states, known];
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidArgumentError('Expected a number of 1 or more.');
  return limit;
}

async function status(
  connection: string | undefined,
  options: StatusOptions,
  command: Command,
): Promise<void> {
  const session = openSession(command);
  const { output } = session;
  if (connection !== undefined) assertNoList(command);
  const parameters = listParameters(options);
  if (options.watch) return watch(connection, parameters, session);
  if (connection !== undefined) return showOne(connection, session);
  if (output.json) {
    process.exitCode = await printListAsJson(parameters, options.limit, session);
    return;
  }
  const [least, most] = TERMINAL_LIMITS;
  const fitting = process.stdout.isTTY ? Math.min(most, Math.max(least, process.stdout.rows)) : DEFAULT_LIMIT;
  const limit = options.limit ?? fitting;
  if (options.all || limit > most) return showAll(parameters, options.limit, session);
  const page = await output.withSpinner('Requesting the status', () =>
    requestStatus({ ...parameters, limit }, session.operator),
  );
  const { isTTY, columns, rows } = process.stdout;
  const isFitted = isTTY && options.limit === undefined;
  output.print(formatList(page, { columns, rows: isFitted ? rows : undefined }, output.format));
  process.exitCode = exitStatusOfPage(page, options.state);
}

/** @throws {UsageError} for an option beside a connection's name that only a list heeds */
function assertNoList(command: Command): void {
  const forLists = passedOptions(command).flatMap(({ long }) => (long === '--watch' ? [] : [long]));
  if (forLists.length === 0) return;
  throw new UsageError(
    `${forLists.join(' and ')} ${forLists.length === 1 ? 'is' : 'are'} for a list, and a connection was named.`,
    `Omit the connection or ${forLists.join(' and ')}.`,
  );
}

function listParameters({ state, app, search, sort }: StatusOptions): RequestParameters['status'] {
  return {
    ...(state && { states: state }),
    ...(app !== undefined && { app }),
    ...(search !== undefined && { search }),
    ...(sort !== 'attention' && { sort }),
    alertTopic: true,
  };
}

async function showOne(connection: string, { operator, output }: Session): Promise<void> {
  const result = await output.withSpinner('Requesting the status', () =>
    requestStatus({ connection }, operator),
  );
  output.printJson(result);
  output.print(formatOne(result));
  const { connections, now } = result;
  process.exitCode = exitStatusOf(connections, now);
}

/** Prints the connections while they arrive. Their remarks follow at the end. */
async function showAll(
  parameters: RequestParameters['status'],
  most: number | undefined,
  { operator, output }: Session,
): Promise<void> {
  const part = tableInParts(process.stdout.columns);
  const notes: string[] = [];
  const statuses = new Set<number>();
  for await (const page of statusPages(parameters, operator, most)) {
    if (page.connections.length > 0) output.print(part(page));
    else if (statuses.size === 0) output.print(emptyText(page));
    statuses.add(exitStatusOfPage(page, parameters.states));
    if (notes.length < MAX_NOTES) notes.push(...notesOf(page));
  }
  if (notes.length > 0) output.print(`\n${notes.join('\n\n')}`);
  process.exitCode = mostSevere(statuses);
}
