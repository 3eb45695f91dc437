import type { Command } from 'commander';
import { Failure, type OpenLink } from '../../../lambdas/operator-protocol.ts';
import { formatKeyStatus } from '../../connection/key-rotation.ts';
import { UsageError } from '../../errors.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { canPrompt, promptConfirmation } from '../../terminal/prompts.ts';

interface RotateKeyOptions {
  status?: boolean;
  yes?: boolean;
}

export function addRotateKey(program: Command): void {
  const command = program
    .command('rotate-key')
    .description('Replace the key that seals the stored tokens, and the key of links and cookies.')
    .option('--status', 'show how much is still sealed with the previous key, and change nothing')
    .option('--yes', 'skip the confirmation')
    .action(rotateKey);
  addExamples(command, [
    ['zoom-tokens rotate-key', 'names the links that it ends, and asks for confirmation first'],
    ['zoom-tokens rotate-key --status', 'says whether the previous key is still needed'],
    ['zoom-tokens rotate-key --yes', 'for a script'],
    ['zoom-tokens connect --renew-links', 'makes the ended links anew, afterwards'],
  ]);
  addNotes(
    command,
    `
Links that are open end at once, or within ten minutes in a function that has read the earlier key. Stored tokens stay valid: the sweeps seal them with the new key within 24 hours, and the previous key opens them until then. The command is refused while a previous key is needed. n8n sees nothing.`,
  );
}

async function rotateKey({ status, yes }: RotateKeyOptions, command: Command): Promise<void> {
  const session = openSession(command);
  const { operator, output } = session;
  if (status) {
    const result = await output.withSpinner('Counting what is stored', () =>
      operator.request('key-status', {}),
    );
    output.printJson(result);
    output.print(formatKeyStatus(result));
    return;
  }
  if (!yes) await confirm(session);
  const result = await output.withSpinner('Replacing the keys', () => operator.request('rotate-key', {}));
  output.printJson(result);
  output.print(`${paint('green', '✔')} Both keys are replaced.`);
  if (result.links.length > 0) {
    output.print(`${linksOf(result.links, 'ended')}\nMake them anew: npx zoom-tokens connect --renew-links`);
  }
  output.print(formatKeyStatus(result.keys));
}

async function confirm({ operator, output }: Session): Promise<void> {
  if (!canPrompt()) {
    throw new UsageError(
      'The keys were not replaced: confirm with --yes. A confirmation needs an interactive terminal, and this is none.',
      'Run: npx zoom-tokens rotate-key --yes',
    );
  }
  const { links } = await output.withSpinner('Looking for open links', () =>
    operator.request('rotate-key', { preview: true }),
  );
  output.printNotice(
    [
      'This replaces the key that seals the stored tokens, and the key of links and cookies.',
      links.length === 0 ? 'No link is open.' : linksOf(links, 'end'),
      'Stored tokens stay valid, and n8n sees nothing.',
    ].join('\n'),
  );
  if (await promptConfirmation('Replace both keys?')) return;
  throw new Failure(
    'rejected',
    'declined',
    'The keys were not replaced: you declined.',
    'Run the command again and confirm with y.',
  );
}

/** Returns a sentence with the number of links, and one with their connections. */
function linksOf(links: readonly OpenLink[], verb: 'end' | 'ended'): string {
  const names = [...new Set(links.map(({ connection }) => connection))].sort();
  const subject = links.length === 1 ? 'One open link' : `${links.length} open links`;
  const predicate = verb === 'end' ? (links.length === 1 ? 'ends' : 'end') : 'ended';
  return `${subject} ${predicate}: ${names.join(', ')}.`;
}
