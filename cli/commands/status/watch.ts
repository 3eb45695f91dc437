import { Failure } from '../../../lambdas/operator-protocol.ts';
import { requestStatus } from '../../connection/list-connections.ts';
import { formatRemark } from '../../connection/text.ts';
import { EXIT, UsageError } from '../../errors.ts';
import type { RequestParameters } from '../../operator-client.ts';
import type { Session } from '../../session.ts';
import { interruption, wait } from '../../terminal/interruption.ts';
import { openScreen } from '../../terminal/screen.ts';
import { formatList } from './list.ts';
import { formatOne } from './one.ts';

export const WATCH_SECONDS = 5;
/** Rows beyond the height of every terminal. */
const LIMIT = 100;

/** Shows the status on the alternate screen until Ctrl-C. */
export async function watch(
  connection: string | undefined,
  parameters: RequestParameters['status'],
  { operator, output }: Session,
): Promise<void> {
  if (!output.isInteractive || process.env.TERM === 'dumb') {
    throw new UsageError(
      '--watch needs an interactive terminal that can be redrawn.',
      'In a script, repeat npx zoom-tokens status --json.',
    );
  }
  // Formatted again at each drawing, because the terminal may have another size by then.
  let format = () => 'Requesting the status';
  const screen = openScreen(() => screen.draw(output.format(format())));
  const request = async () => {
    if (connection !== undefined) {
      const result = await requestStatus({ connection }, operator);
      return () => formatOne(result);
    }
    const result = await requestStatus({ ...parameters, limit: LIMIT }, operator);
    return () => formatList(result, process.stdout, output.format);
  };
  try {
    for (;;) {
      format = await request().catch((error) => {
        const text = formatRetryable(error);
        return () => text;
      });
      screen.draw(output.format(format()));
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
