import type { Command } from 'commander';
import { bareName } from '../../../lambdas/contract.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { UsageError } from '../../errors.ts';
import { installationName } from '../../installation-name.ts';
import { openSession, type Session } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { canPrompt, promptConfirmation } from '../../terminal/prompts.ts';
import { quote } from '../../terminal/quote.ts';
import type { Removal } from './remove.ts';
import { RECOVERY_DAYS, type Retained, readRetained } from './retained.ts';

export function addUninstall(program: Command): void {
  const command = program
    .command('uninstall')
    .description(
      'Delete what a deleted stack has left: the table, the bucket, the secrets, the published tokens and the audit log.',
    )
    .argument(
      '<file>',
      'file with what "zoom-tokens about --existing" printed, or the cdk.json that contains it',
    )
    .option(
      '--installation-id <id>',
      'owner of the published tokens, if the stack set one (default: the name)',
      installationName,
    )
    .option('--yes', 'skip the confirmation')
    .action(uninstall);
  addExamples(command, [
    ['zoom-tokens uninstall existing.json', 'lists everything and asks for confirmation first'],
    ['zoom-tokens uninstall cdk.json --yes', 'for a script'],
  ]);
}

interface UninstallOptions {
  installationId?: string;
  yes?: boolean;
}

async function uninstall(file: string, options: UninstallOptions, command: Command): Promise<void> {
  const session = openSession(command);
  const { output, aws, name } = session;
  // Imported here, because no other command needs the clients of all these services.
  const { publishedBy, removeAll } = await import('./remove.ts');
  const { functionThatUses } = await import('./still-used.ts');
  const retained = await readRetained(file);
  assertRegion(retained, await session.region(), file);
  await output.withSpinner('Checking that the stack is deleted', async () => {
    await assertDeleted(session);
    assertUnused(await functionThatUses(retained, aws));
  });
  const published = await output.withSpinner('Listing the published tokens', () =>
    publishedBy(options.installationId ?? name, aws),
  );
  const all = { ...retained, secrets: [...new Set([...retained.secrets, ...published])] };
  if (!options.yes) await confirm(all, file, output);
  const removals = await output.withSpinner('Deleting', () => removeAll(all, aws));
  output.printJson({ removals, ...(retained.kmsKeyArn && { kmsKeyArn: retained.kmsKeyArn }) });
  for (const removal of removals) output.print(line(removal));
  if (retained.kmsKeyArn) output.print(`\n${kmsAdvice(retained.kmsKeyArn)}`);
  if (removals.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}

/**
 * Refuses a file of another Region: there the stack would seem deleted, and the resources gone.
 * @throws {UsageError}
 */
function assertRegion({ secrets, kmsKeyArn }: Retained, region: string | undefined, file: string): void {
  const arns = [...secrets, ...(kmsKeyArn === undefined ? [] : [kmsKeyArn])];
  const theirs = arns.flatMap((arn) => /^arn:[^:]*:[^:]*:([^:]+):/.exec(arn)?.[1] ?? []);
  const foreign = theirs.find((each) => each !== region);
  if (region === undefined || foreign === undefined) return;
  throw new UsageError(
    `Nothing was deleted: ${file} lists resources in ${foreign}, and this command looks in ${region}.`,
    `Pass the Region of the deleted stack: --region ${foreign}`,
  );
}

/** @throws {Failure} `rejected` (`still_deployed`) while the operator function exists */
async function assertDeleted({ operator, name }: Session): Promise<void> {
  try {
    await operator.request('about', {});
  } catch (error) {
    if (error instanceof Failure && error.code === 'not_deployed') return;
    throw error;
  }
  throw new Failure(
    'rejected',
    'still_deployed',
    `Nothing was deleted: the stack of "${name}" still exists and uses these resources.`,
    'Run: npx cdk destroy. Then run this command again.',
  );
}

/** @throws {Failure} `rejected` (`still_deployed`) when a function uses what would be deleted */
function assertUnused(user: string | undefined): void {
  if (user === undefined) return;
  throw new Failure(
    'rejected',
    'still_deployed',
    `Nothing was deleted: the function ${user} still uses these resources.`,
    'Destroy its stack first. If that stack has another name, pass it: --name <name>',
  );
}

async function confirm(all: Retained, file: string, output: Session['output']): Promise<void> {
  if (!canPrompt()) {
    throw new UsageError(
      'Nothing was deleted: confirm with --yes. A confirmation needs an interactive terminal, and this is none.',
      `Run: npx zoom-tokens uninstall ${quote(file)} --yes`,
    );
  }
  output.printNotice(
    [
      'This deletes for good every connection, the credentials of every app, and the record of the commands:',
      ...namesOf(all).map((name) => `  ${name}`),
      `Secrets can be restored for ${RECOVERY_DAYS} days, nothing else can.`,
      ...(all.kmsKeyArn === undefined ? [] : ['The KMS key stays: the restored secrets need it.']),
    ].join('\n'),
  );
  if (await promptConfirmation('Delete all of it?')) return;
  throw new Failure(
    'rejected',
    'declined',
    'Nothing was deleted: you declined.',
    'Run the command again and confirm with y.',
  );
}

const namesOf = ({ table, bucket, secrets, auditLogGroup }: Retained): string[] => [
  ...(table === undefined ? [] : [`table ${table}`]),
  ...(bucket === undefined ? [] : [`bucket ${bucket}`]),
  ...secrets.map((secret) => `secret ${bareName(secret)}`),
  ...(auditLogGroup === undefined ? [] : [`log group ${auditLogGroup}`]),
];

function line({ kind, name, outcome, problem }: Removal): string {
  const what = `${kind} ${bareName(name)}`;
  if (outcome === 'failed') return `${paint('red', '✖')} ${what}: ${problem}`;
  if (outcome === 'gone') return `${paint('green', '✔')} ${what} did not exist any more.`;
  const until = kind === 'secret' ? ` It can be restored for ${RECOVERY_DAYS} days.` : '';
  return `${paint('green', '✔')} ${what} is deleted.${until}`;
}

/** AWS deletes a key after 7 to 30 days, and nothing that it encrypted can be read afterwards. */
const kmsAdvice = (arn: string) =>
  [
    `The KMS key stays, at $1 a month: the deleted secrets are encrypted with it, and can be restored for ${RECOVERY_DAYS} days. If nothing else uses the key, schedule its deletion:`,
    `aws kms schedule-key-deletion --key-id ${arn} --pending-window-in-days 30`,
    `To keep it after all: aws kms cancel-key-deletion --key-id ${arn}, then aws kms enable-key --key-id ${arn}.`,
  ].join('\n');
