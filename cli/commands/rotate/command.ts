import type { Command } from 'commander';
import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { table } from '../../terminal/table.ts';
import { wallTime } from '../../terminal/time.ts';

export function addRotate(program: Command): void {
  const command = program
    .command('rotate')
    .description('Get a new token for a connection now, due or not, and publish it.')
    .argument('<connection>', 'name of the connection')
    .action(rotate);
  addExamples(command, [['zoom-tokens rotate main', 'a new token, shown before and after']]);
}

async function rotate(connection: string, _: object, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const result = await output.during(`Rotating "${connection}"`, () =>
    operator.ask('rotate', { connection }),
  );
  output.document(result);
  const { before, after } = result;
  const rotated = after.version > before.version;
  const mark = rotated ? paint('green', '✔') : paint('yellow', '!');
  output.say(
    rotated
      ? `${mark} "${connection}" has a new token, and n8n reads it.`
      : `${mark} "${connection}" was given a new consent meanwhile; its token stays.`,
  );
  output.say();
  output.say(
    table(
      ['', 'before', 'after'],
      [
        ['version', String(before.version), String(after.version)],
        ['valid until', validUntil(before), validUntil(after)],
        ['next rotation', wallTime(before.dueAt), wallTime(after.dueAt)],
      ],
    ),
  );
}

const validUntil = (view: ConnectionView) => (view.validUntil > 0 ? wallTime(view.validUntil) : '–');
