import type { Command } from 'commander';
import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { isUnlinked, nextRotation } from '../../../lambdas/operator-protocol.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { formatTable } from '../../terminal/table.ts';
import { clockNote, formatTime } from '../../terminal/time.ts';

export function addRotate(program: Command): void {
  const command = program
    .command('rotate')
    .description('Rotate the token of a connection now, whether it is due or not, and publish it.')
    .argument('<connection>', 'name of the connection')
    .action(rotate);
  addExamples(command, [['zoom-tokens rotate main', 'rotates the token, and shows it before and after']]);
}

async function rotate(connection: string, _: object, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const result = await output.withSpinner(`Rotating "${connection}"`, () =>
    operator.request('rotate', { connection }),
  );
  output.printJson(result);
  const { before, after, now } = result;
  output.print(
    after.version > before.version
      ? `${paint('green', '✔')} "${connection}" has a new token${reach(after)}`
      : `${paint('yellow', '!')} "${connection}" was not rotated: a new consent replaced its token first.`,
  );
  output.print();
  output.print(
    formatTable(
      ['', 'before', 'after'],
      [
        ['version', String(before.version), String(after.version)],
        ['valid until', formatValidUntil(before, now), formatValidUntil(after, now)],
        ['next rotation', formatTime(nextRotation(before), now), formatTime(nextRotation(after), now)],
      ],
    ),
  );
  for (const note of clockNote(now)) output.print(`\n${note}`);
}

/** Returns the end of the sentence that a connection has a new token: how n8n gets it. */
function reach(view: ConnectionView): string {
  if (isUnlinked(view)) return '. It reaches no n8n.';
  return view.secretName === undefined ? ', which is pushed to n8n.' : ', and n8n can read it.';
}

const formatValidUntil = ({ validUntil }: ConnectionView, now: number) =>
  validUntil > 0 ? formatTime(validUntil, now) : '–';
