import type { Command } from 'commander';
import { bareName } from '../../../lambdas/contract.ts';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { formatList } from '../../terminal/table.ts';

export function addAbout(program: Command): void {
  const command = program
    .command('about')
    .description('Show the deployed version, the URLs for the Zoom app, and the names that AWS generated.')
    .option('--existing', 'print the setting "existing", with which a later stack takes over the data')
    .action(about);
  addExamples(command, [
    ['zoom-tokens about', 'shows the version, the URLs, the table and the secrets'],
    ['zoom-tokens about --existing', 'prints the lines for the context of cdk.json; keep them'],
  ]);
}

async function about({ existing }: { existing?: boolean }, command: Command): Promise<void> {
  const { operator, output } = openSession(command);
  const result = await output.withSpinner('Requesting the installation', () => operator.request('about', {}));
  output.printJson(existing ? result.existing : result);
  output.print(
    existing ? `"existing": ${JSON.stringify(result.existing, null, 2)}` : formatInstallation(result),
  );
}

function formatInstallation({ existing, ...about }: OperatorResults['about']): string {
  const { table, rescueBucket, sealingKeySecretArn, linkKeySecretArn, ...secrets } = existing;
  const { appSecretArns, n8nSecretArn, kmsKeyArn, auditLogGroup } = secrets;
  return formatList([
    ['Installation', about.name],
    ['Version', about.version],
    ['OAuth Redirect URL', about.redirectUrl],
    ['Event notification endpoint URL', about.eventsUrl],
    ['Zoom', `${about.zoomOauthUrl}, ${about.zoomApiUrl}`],
    ['Table', table],
    ...optional('Rescue bucket', rescueBucket),
    ...optional('Secret with the sealing key', sealingKeySecretArn && bareName(sealingKeySecretArn)),
    ...optional('Secret with the link key', linkKeySecretArn && bareName(linkKeySecretArn)),
    ...Object.entries(appSecretArns).map(([app, arn]): [string, string] => [
      `Secret of the app "${app}"`,
      bareName(arn),
    ]),
    ...optional('Secret with the API keys of n8n', n8nSecretArn && bareName(n8nSecretArn)),
    ...optional('KMS key', kmsKeyArn),
    ...optional('Log group of the audit log', auditLogGroup),
    ...optional('Bundles that n8n may read', about.readers?.join(', ')),
  ]);
}

const optional = (name: string, value: string | undefined): [string, string][] =>
  value === undefined ? [] : [[name, value]];
