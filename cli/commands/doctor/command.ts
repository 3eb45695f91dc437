import { type Command, Option } from 'commander';
import { assertName } from '../../../lambdas/operator-protocol.ts';
import { EXIT, Interrupted } from '../../errors.ts';
import { openSession } from '../../session.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';
import { parsePrincipal } from './policy.ts';

interface DoctorOptions {
  n8nPrincipal?: string;
  app: string[];
}

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('Check the whole installation, and say how to fix each problem.')
    .option('--n8n-principal <arn>', "check that this IAM user or role of n8n has n8n's policy")
    .addOption(
      new Option('--app <app>', 'check this app too, although no connection uses it; can be repeated')
        .argParser((app: string, apps: string[]) => [...apps, app])
        .default([], 'none'),
    )
    .action(doctor);
  addExamples(command, [
    ['zoom-tokens doctor', 'checks everything'],
    [
      'zoom-tokens doctor --n8n-principal arn:aws:iam::111122223333:user/n8n',
      "checks that n8n's policy is attached",
    ],
    ['zoom-tokens doctor --json', 'for a script'],
  ]);
  addNotes(
    command,
    `
Marks: ✔ passed, ✖ problem, with its fix, ! warning, – skipped, with the reason.
Exit status: 0 no problem, 1 at least one problem.`,
  );
}

async function doctor({ n8nPrincipal, app }: DoctorOptions, command: Command): Promise<void> {
  const session = openSession(command);
  const { output } = session;
  // The operator function would refuse the whole check.
  for (const each of app) assertName('app', each);
  const principal = n8nPrincipal === undefined ? undefined : parsePrincipal(n8nPrincipal);
  const version = command.parent?.version() ?? '';
  const region = await session.region();
  const findings: Finding[] = [];
  const ended = { early: false };
  const report = (reported: Finding[]) => {
    findings.push(...reported);
    for (const finding of reported) output.print(formatFinding(finding));
  };
  await examine(session, { version, region, principal, apps: app }, report).catch((error) => {
    if (!(error instanceof Interrupted)) throw error;
    ended.early = true;
  });
  const problems = findings.filter(({ state }) => state === 'wrong');
  output.printJson({
    well: problems.length === 0 && !ended.early,
    ...(ended.early ? { interrupted: true } : {}),
    checks: findings,
  });
  if (ended.early) {
    output.print(
      `\nInterrupted: not all checks have run. ${problems.length > 0 ? verdict(problems) : ''}`.trimEnd(),
    );
    throw new Interrupted();
  }
  output.print(`\n${verdict(problems)}`);
  process.exitCode = problems.length === 0 ? EXIT.ok : EXIT.failed;
}

const MARKS = {
  well: () => paint('green', '✔'),
  wrong: () => paint('red', '✖'),
  note: () => paint('yellow', '!'),
  skipped: () => paint('gray', '–'),
};

function formatFinding({ state, message, action }: Finding): string {
  const lines = [`${MARKS[state]()} ${message}`, ...(action === undefined ? [] : action.split('\n'))];
  return lines.join('\n  ');
}

function verdict(problems: Finding[]): string {
  if (problems.length === 0) return 'No problems found.';
  if (problems.length === 1) return '1 problem found.';
  const kinds = new Set(problems.map(({ check }) => check)).size;
  return `${problems.length} problems found (${kinds} ${kinds === 1 ? 'kind' : 'kinds'}).`;
}
