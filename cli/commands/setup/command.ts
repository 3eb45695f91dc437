import type { Command } from 'commander';
import type { GrantType, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { assertName } from '../../../lambdas/operator-protocol.ts';
import { grantOption } from '../../connection/grant-option.ts';
import { DEFAULT_NAME, openSession } from '../../session.ts';
import { addExamples } from '../../terminal/help.ts';
import { paint } from '../../terminal/output.ts';
import { canAsk } from '../../terminal/prompts.ts';
import { list } from '../../terminal/table.ts';
import { chooseGrant, completeCredentials } from './ask-credentials.ts';
import { givenCredentials } from './given-credentials.ts';
import { writeAppSecret } from './save-app-secret.ts';
import { checkAtZoom } from './verify-credentials.ts';

interface Options {
  grant?: GrantType;
  clientId?: string;
  accountId?: string;
  stdin?: boolean;
  check: boolean;
}

export function addSetup(program: Command): void {
  const command = program
    .command('setup')
    .description('Hand over the credentials of a Zoom app: asks for them, checks them at Zoom, saves them.')
    .argument('[app]', 'name of the app', 'default')
    .addOption(grantOption('kind of the app'))
    .option('--client-id <id>', 'its Client ID')
    .option('--account-id <id>', 'its Account ID, of a Server-to-Server app')
    .option('--stdin', 'read them as JSON from standard input')
    .option('--no-check', 'save them without asking Zoom')
    .action(setup);
  addExamples(command, [
    ['zoom-tokens setup', 'asks for everything'],
    ['zoom-tokens setup reports --grant s2s', 'a Server-to-Server app, named in "apps" of cdk.json'],
    ['zoom-tokens setup --stdin < app.json', '{"client_id":"…","client_secret":"…"}'],
  ]);
  command.addHelpText(
    'after',
    `
Environment: ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET, ZOOM_ACCOUNT_ID, ZOOM_WEBHOOK_SECRET_TOKEN.
A secret is never an option: every user of this machine could read it in the list of processes.
What is saved replaces all that was saved for the app before.`,
  );
}

async function setup(app: string, options: Options, command: Command): Promise<void> {
  const { operator, output, aws, name } = openSession(command);
  assertName('app', app);
  const given = await givenCredentials(options, process.env);
  const about = await output.during('Asking the installation', () => operator.ask('about', {}));
  const grant = await chooseGrant(options.grant, given);
  const places = pasteAtZoom(about, grant);
  const shownFirst = canAsk() && !output.json;
  if (shownFirst) output.say(places);
  const secret = await completeCredentials(grant, given);
  const scope = options.check
    ? await output.during('Checking them at Zoom', () => checkAtZoom(secret, about))
    : undefined;
  const secretName = `${about.appSecretPrefix}${app}`;
  await output.during('Saving them', () => writeAppSecret(secretName, secret, aws));
  const next = nextCommand(app, grant, name);
  const { redirectUrl, eventsUrl } = about;
  output.document({ app, grant, secretName, checked: options.check, redirectUrl, eventsUrl, next });
  const accepted = options.check
    ? 'Zoom accepts the credentials, and they are saved'
    : 'The credentials are saved, unchecked,';
  output.say(`${paint('green', '✔')} ${accepted} in ${secretName}.`);
  if (scope !== undefined) output.say(`  Scopes of the app: ${scope || 'none'}`);
  if (!shownFirst) output.say(`\n${places}`);
  output.say(`\nNext: ${paint('bold', next)}`);
}

/** What the operator pastes into the pages of the app. */
function pasteAtZoom({ redirectUrl, eventsUrl }: OperatorResults['about'], grant: GrantType): string {
  if (grant === 'account_credentials') {
    return 'A Server-to-Server app needs its scopes and its activation at Zoom, and no URL. See docs/zoom-app.md.';
  }
  return [
    'Paste these into the app, in the Zoom App Marketplace (docs/zoom-app.md shows where):',
    '',
    list([
      ['  OAuth Redirect URL', redirectUrl],
      ['  OAuth Allow List', redirectUrl],
      ['  Event notification endpoint URL', `${eventsUrl} (only with an event subscription)`],
    ]),
    '',
  ].join('\n');
}

function nextCommand(app: string, grant: GrantType, name: string): string {
  const server = grant === 'account_credentials';
  return [
    `zoom-tokens connect ${server && app !== 'default' ? app : 'main'}`,
    ...(app === 'default' ? [] : [`--app ${app}`]),
    ...(server ? ['--grant s2s'] : []),
    ...(name === DEFAULT_NAME ? [] : [`--name ${name}`]),
  ].join(' ');
}
