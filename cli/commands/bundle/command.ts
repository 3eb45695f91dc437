import { type Command, InvalidArgumentError } from 'commander';
import {
  assertName,
  type ConnectionView,
  KEEP_SECONDS,
  type OperatorRequest,
  placeInWords,
  placeOf,
} from '../../../lambdas/operator-protocol.ts';
import { oldPlaceText } from '../../connection/old-place-text.ts';
import { UsageError } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { parseDuration } from '../../terminal/duration.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';

interface BundleOptions {
  none?: boolean;
  /** Seconds. */
  keep?: number;
  finish?: boolean;
}

export function addBundle(program: Command): void {
  const command = program
    .command('bundle')
    .description('Move a connection into a bundle, or out of it. Both places are kept current for a day.')
    .argument('<connection>', 'name of the connection')
    .argument('[to]', 'name of the bundle: a-z, 0-9 and _')
    .option('--none', 'give it a secret of its own')
    .option('--keep <duration>', 'how long the old place is kept current, 0 to 7d (default: 24h)', parseKeep)
    .option('--finish', 'end the old place now')
    .action(move);
  addExamples(command, [
    ['zoom-tokens bundle anna sales', 'moves the connection into the bundle "sales"'],
    ['zoom-tokens bundle anna --finish', 'ends its old place, once n8n reads the new one'],
    ['zoom-tokens bundle anna --none --keep 0', 'gives it a secret of its own, and ends the bundle at once'],
  ]);
}

/** @throws {InvalidArgumentError} */
function parseKeep(text: string): number {
  const seconds = text === '0' ? 0 : parseDuration(text);
  if (seconds !== undefined && seconds <= KEEP_SECONDS.most) return seconds;
  throw new InvalidArgumentError('Expected 0 to 7d, such as 0, 12h or 3d.');
}

async function move(
  connection: string,
  bundle: string | undefined,
  options: BundleOptions,
  command: Command,
): Promise<void> {
  const { operator, output } = openSession(command);
  const result = await output.withSpinner(`Moving "${connection}"`, () =>
    operator.request('move', requestFrom(connection, bundle, options)),
  );
  output.printJson(result);
  const { connection: view, now } = result;
  output.print(
    `${paint('green', '✔')} "${connection}" is published in ${placeInWords(view.place ?? 'own')}.`,
  );
  for (const line of oldPlaces(view, now)) output.print(line);
  if (view.expression === undefined) return;
  output.print(`\nIn n8n, the expression of its credential is now:\n`);
  output.print(`  ${paint('bold', view.expression)}`);
}

function requestFrom(connection: string, bundle: string | undefined, options: BundleOptions) {
  const { none = false, keep, finish = false } = options;
  if (bundle !== undefined) assertName('bundle', bundle);
  if (none && bundle !== undefined)
    throw new UsageError('Both a bundle and --none were given.', 'Pass one of them.');
  if (finish && (none || bundle !== undefined || keep !== undefined))
    throw new UsageError(
      '--finish ends the place that the connection has left. It goes with no other place and no --keep.',
      'Move first, and run --finish once n8n reads the new place. To end the old place at the move: --keep 0',
    );
  if (!none && bundle === undefined && !finish)
    throw new UsageError('No place was named.', 'Pass a bundle, --none or --finish.');
  const place = none ? 'own' : bundle === undefined ? undefined : placeOf(bundle);
  return {
    connection,
    ...(place && { place }),
    ...(keep !== undefined && { keepSeconds: keep }),
    ...(finish && { finish }),
  } satisfies Omit<Extract<OperatorRequest, { action: 'move' }>, 'action'>;
}

function oldPlaces({ connection, oldPlaces: places = [] }: ConnectionView, now: number): string[] {
  return places.map((old) => {
    const advice =
      old.until > now
        ? `To end it now: npx zoom-tokens bundle ${connection} --finish`
        : 'Nothing to do: it is removed then.';
    return `Its old place: ${oldPlaceText(old, now)}. ${advice}`;
  });
}
