import type { Command } from 'commander';
import { regionOf } from '../../aws/region.ts';
import { EXIT } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';
import { readPrincipal } from './policy.ts';

interface Options {
  n8nPrincipal?: string;
  app: string[];
}

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('Check everything in order, and say what to do where something is wrong.')
    .option('--n8n-principal <arn>', 'IAM user or role of n8n: does it have the policy?')
    .option(
      '--app <app>',
      'check this app too, though no connection uses it; may be repeated',
      (app, apps: string[]) => [...apps, app],
      [] as string[],
    )
    .action(doctor);
  addExamples(command, [
    ['zoom-tokens doctor', 'is all well?'],
    ['zoom-tokens doctor --n8n-principal arn:aws:iam::111122223333:user/n8n', 'may n8n read?'],
    ['zoom-tokens doctor --json', 'for a script'],
  ]);
  command.addHelpText(
    'after',
    `
Marks: ✔ well, ✖ wrong, with what to do, ! worth knowing, – skipped, with the reason.
Exit status: 0 nothing is wrong, 1 something is.`,
  );
}

async function doctor({ n8nPrincipal, app }: Options, command: Command): Promise<void> {
  const session = openSession(command);
  const { output } = session;
  const principal = n8nPrincipal === undefined ? undefined : readPrincipal(n8nPrincipal);
  const version = command.parent?.version() ?? '';
  const found: Finding[] = [];
  await examine(
    session,
    { version, region: await regionOf(session.aws), principal, apps: app },
    (findings) => {
      found.push(...findings);
      for (const finding of findings) output.say(line(finding));
    },
  );
  const problems = found.filter(({ state }) => state === 'wrong').length;
  output.document({ well: problems === 0, checks: found });
  output.say(`\n${verdict(problems)}`);
  process.exitCode = problems === 0 ? EXIT.well : EXIT.failed;
}

const MARK = {
  well: () => paint('green', '✔'),
  wrong: () => paint('red', '✖'),
  note: () => paint('yellow', '!'),
  skipped: () => paint('gray', '–'),
};

function line({ state, message, action }: Finding): string {
  const lines = [`${MARK[state]()} ${message}`, ...(action === undefined ? [] : action.split('\n'))];
  return lines.join('\n  ');
}

function verdict(problems: number): string {
  if (problems === 0) return 'All is well.';
  return problems === 1 ? 'One thing is wrong.' : `${problems} things are wrong.`;
}
