import type { Command } from 'commander';
import { bareName, DEFAULT_APP } from '../../../lambdas/contract.ts';
import type { GrantType, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { assertName, deployedAppSecret } from '../../../lambdas/operator-protocol.ts';
import { grantOption } from '../../connection/grant-option.ts';
import { openSession } from '../../session.ts';
import { addExamples, addNotes } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { canPrompt } from '../../terminal/prompts.ts';
import { formatList } from '../../terminal/table.ts';
import { formatManifest, manifestSection } from './manifest.ts';
import { chooseGrant, completeCredentials } from './prompt-credentials.ts';
import { readCredentials } from './read-credentials.ts';

interface SetupOptions {
  grant?: GrantType;
  clientId?: string;
  accountId?: string;
  stdin?: boolean;
  check: boolean;
}

export function addSetup(program: Command): void {
  const command = program
    .command('setup')
    .description('Read the credentials of a Zoom app, verify them at Zoom, and save them.')
    .argument('[app]', 'name of the app', DEFAULT_APP)
    .addOption(grantOption('type of the app'))
    .option('--client-id <id>', 'Client ID of the app')
    .option('--account-id <id>', 'Account ID of a Server-to-Server app')
    .option('--stdin', 'read the credentials as JSON from standard input')
    .option('--no-check', 'save the credentials without verifying them at Zoom')
    .action(setup);
  addExamples(command, [
    ['zoom-tokens setup', 'prompts for everything'],
    ['zoom-tokens setup reports --grant s2s', 'a Server-to-Server app, named in "apps" of cdk.json'],
    ['zoom-tokens setup --stdin < app.json', '{"client_id":"…","client_secret":"…"}'],
  ]);
  addNotes(
    command,
    `
Environment: ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET, ZOOM_ACCOUNT_ID, ZOOM_WEBHOOK_SECRET_TOKEN.
No option takes a secret: every user of this machine can read the arguments in the list of processes.
The new credentials replace everything that was saved for the app before.`,
  );
}

async function setup(app: string, options: SetupOptions, command: Command): Promise<void> {
  const { operator, output, aws } = openSession(command);
  assertName('app', app);
  const known = await readCredentials(options, process.env);
  const about = await output.withSpinner('Requesting the installation', () => operator.request('about', {}));
  const secretId = deployedAppSecret(app, about);
  const grant = await chooseGrant(options.grant, known);
  const instructions = appInstructions(about, grant);
  // A person needs the URLs while filling in the pages of the app, and that is before the prompts.
  const areInstructionsFirst = canPrompt() && !output.json;
  if (areInstructionsFirst) output.print(instructions);
  const credentials = await completeCredentials(grant, known);
  const scope = options.check
    ? await output.withSpinner('Verifying the credentials at Zoom', async () => {
        const { verifyCredentials } = await import('./verify-credentials.ts');
        return verifyCredentials(credentials, about);
      })
    : undefined;
  const { saveAppSecret } = await import('./save-app-secret.ts');
  await output.withSpinner('Saving the credentials', () => saveAppSecret(app, secretId, credentials, aws));
  const secretName = bareName(secretId);
  const next = nextCommand(app, grant);
  const { redirectUrl, eventsUrl } = about;
  output.printJson({
    ...{ app, grant, secretName, checked: options.check, redirectUrl, eventsUrl },
    ...(grant === 'authorization_code' && { manifest: manifestSection(redirectUrl) }),
    next,
  });
  const result = options.check
    ? 'Zoom accepts the credentials. They are saved'
    : 'The credentials are saved without verification';
  output.print(`${paint('green', '✔')} ${result} in ${secretName}.`);
  if (scope !== undefined) output.print(`  Scopes of the app: ${scope || 'none'}`);
  if (!areInstructionsFirst) output.print(`\n${instructions}`);
  output.print(`\nNext: ${paint('bold', next)}`);
}

/** Returns what the operator enters on the app's pages in the Zoom App Marketplace. */
function appInstructions({ redirectUrl, eventsUrl }: OperatorResults['about'], grant: GrantType): string {
  if (grant === 'account_credentials') {
    return 'A Server-to-Server app needs its scopes and its activation at Zoom, and no URL. See docs/zoom-app.md.';
  }
  return [
    'Paste these URLs into the app in the Zoom App Marketplace (docs/zoom-app.md shows the fields):',
    '',
    formatList([
      ['  OAuth Redirect URL', redirectUrl],
      ['  OAuth Allow List', redirectUrl],
      ['  Event notification endpoint URL', `${eventsUrl} (only with an event subscription)`],
    ]),
    '',
    formatManifest(redirectUrl),
  ].join('\n');
}

function nextCommand(app: string, grant: GrantType): string {
  const isServer = grant === 'account_credentials';
  const connection = isServer && app !== DEFAULT_APP ? app : 'main';
  return [
    `npx zoom-tokens connect ${connection}`,
    ...(app === DEFAULT_APP ? [] : [`--app ${app}`]),
    ...(isServer ? ['--grant s2s'] : []),
  ].join(' ');
}
