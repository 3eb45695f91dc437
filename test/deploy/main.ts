import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startZoom, type Zoom } from '../../local/zoom/server.ts';
import { freePort, Missing } from '../support/services/machine.ts';
import { adapt, protect } from './assembly.ts';
import { allow, attach, createUser, root, userArn } from './aws.ts';
import { endCommands, run } from './command.ts';
import { Deployed } from './deployed.ts';
import { ACCOUNT, type Emulator, install, REGION, start } from './emulator.ts';
import { SecondInstallation } from './second.ts';

// `npm run test:deploy [-- --keep]` deploys to an emulator of AWS and uses what was deployed, from outside.
// Exit status: 0 all is well, 1 it is not, 75 this machine lacks something and nothing was tested.

const LACKING = 75;
const ROOT = join(import.meta.dirname, '../..');
const STACK = 'zoom-token-refresher';
/** A schedule of one minute, counted by the emulator from its creation, looked at every ten seconds. */
const SCHEDULE_SECONDS = 100;

/** https://docs.n8n.io/external-secrets/ */
const VENDORS_SAMPLE = {
  Effect: 'Allow',
  Action: [
    'secretsmanager:ListSecrets',
    'secretsmanager:BatchGetSecretValue',
    'secretsmanager:GetSecretValue',
  ],
  Resource: '*',
};

const began = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
const assembly = join(folder, 'cdk.out');
const keep = process.argv.includes('--keep');
let emulator: Emulator | undefined;
let zoom: Zoom | undefined;
let ending = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(1));
try {
  const python = await install();
  emulator = await start(python, folder);
  await story(emulator, python);
  say('All is well.');
  await end(0);
} catch (error) {
  if (ending) await new Promise(() => {}); // A signal has come, and what it ended complains.
  const isLacking = error instanceof Missing;
  say(isLacking ? `NOT TESTED. ${error.message}` : `FAILED: ${(error as Error).stack}`);
  if (!isLacking) say(`The emulator's log:\n${tail(join(folder, 'emulator.log'))}`);
  await end(isLacking ? LACKING : 1);
}

async function story(aws: Emulator, python: string): Promise<void> {
  step(`An emulator of AWS runs at ${aws.url}; IAM is enforced.`);
  const cdk = (...args: string[]) =>
    run('cdk', [...args, '--no-notices'], { cwd: ROOT, env: aws.environment });

  await run('cdk', ['bootstrap', `aws://${ACCOUNT}/${REGION}`, '--no-notices'], {
    cwd: folder, // Elsewhere it would synthesize the app.
    env: aws.environment,
  });
  step('cdk bootstrap');

  const people = {
    n8n: await createUser(aws, 'n8n'),
    curious: await createUser(aws, 'curious'),
    operator: await createUser(aws, 'operator'),
  };
  const zoomPort = await freePort();
  const zoomUrl = `http://localhost:${zoomPort}`;
  const context = {
    zoomOauthUrl: zoomUrl,
    zoomApiUrl: zoomUrl,
    apps: 'reports',
    n8nPrincipals: userArn('n8n'),
    alarmEmail: 'operator@example.com',
  };
  const synth = async (output: string, choices: Record<string, string>) => {
    const chosen = Object.entries(choices).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    await cdk('synth', '--quiet', '--output', output, ...chosen);
    await run(join(python, '../cfn-lint'), [join(output, '*.template.json')], {
      cwd: ROOT,
      env: process.env,
    });
  };
  await synth(assembly, context);
  step('cdk synth, with the functions bundled; cfn-lint finds nothing');

  const policies = adapt(assembly, STACK);
  deviation(
    'it knows no AWS::SecretsManager::ResourcePolicy: they are put through the API after the deployment',
  );
  deviation(
    'its Ref of a secret is the name, not the ARN: replaced by Fn::GetAtt Id, which is the ARN in both',
  );

  deviation(
    "its aws:PrincipalArn of a function is the session's ARN, not the role's: the policies name both",
  );

  const deploy = ['deploy', '--app', assembly, '--require-approval', 'never'];
  const outputsFile = join(folder, 'outputs.json');
  await cdk(...deploy, '--outputs-file', outputsFile);
  const outputs: Record<string, string> = JSON.parse(readFileSync(outputsFile, 'utf8'))[STACK];
  step(`cdk deploy; the callback is ${outputs.CallbackUrl}`);

  await protect(root(aws).secrets, policies, outputs);
  await attach(aws, 'operator', outputs.OperatorPolicyArn);
  await allow(aws, 'curious', VENDORS_SAMPLE);

  const apps = {
    default: { client_id: 'a-user-app', client_secret: 'user-app-secret' },
    reports: { client_id: 'a-server-app', client_secret: 'server-app-secret', account_id: 'an-account' },
  };
  zoom = await startZoom({
    port: zoomPort,
    now: () => Math.floor(Date.now() / 1000),
    apps: [
      {
        clientId: apps.default.client_id,
        clientSecret: apps.default.client_secret,
        redirectUris: [`${outputs.CallbackUrl}`],
      },
      {
        clientId: apps.reports.client_id,
        clientSecret: apps.reports.client_secret,
        accountId: apps.reports.account_id,
      },
    ],
  });
  const deployed = new Deployed(outputs, zoom.url, { ...people, root: root(aws) });

  for (const [app, credentials] of Object.entries(apps)) await deployed.writeApp(app, credentials);
  step('The operator writes the credentials of the apps, and can read neither them nor the key.');
  await deployed.refusesStrangers();
  step('The API shows a page to who comes without a link, and knows no other path.');

  deviation(
    'its CreateSecret gives the version an id of its own: a first publication counts as failed, and is repeated',
  );
  await deployed.connectServerToServer('reports');
  deviation(
    'its HTTP API hands over no cookies: the last request of the consent is given to the function by Invoke',
  );
  await deployed.connectUser('main');
  let tokens = await deployed.readAll(['main', 'reports']);
  step('Two connections are made; n8n reads their tokens and nothing else, and Zoom accepts them.');
  await deployed.sampleOpensNothingElse();
  step(
    "With its vendor's sample policy (Resource: *) n8n reads the published tokens and nothing else of ours.",
  );

  await deployed.rotate('main');
  tokens = await deployed.replaced('main', tokens);
  step("The operator's rotate replaces a token.");

  deviation('time does not pass for a deployed function: the table is told that the token is due');
  await deployed.makeDue('main');
  await deployed.sweep();
  tokens = await deployed.replaced('main', tokens);
  step('The rotate function replaces the token that is due.');

  await cdk(...deploy).then((said) => expectText(said, /no changes/, 'The second deployment'));
  step('cdk deploy again: no changes');
  await cdk('diff', '--app', assembly, '--method=template', '--fail').then((said) =>
    expectText(said, /no differences/i, 'cdk diff'),
  );
  step('cdk diff: no differences');

  await deployed.makeDue('main');
  await second(aws, deployed, apps.reports, cdk, synth);

  say('   waiting for the schedule, a minute at most …');
  for (
    let waited = 0;
    (await deployed.read()).get('n8n_zoom_main') === tokens.get('n8n_zoom_main');
    waited += 2
  ) {
    if (waited > SCHEDULE_SECONDS) throw new Error('The schedule has not started a sweep.');
    await setTimeout(2000);
  }
  await deployed.replaced('main', tokens);
  step('The schedule starts the rotate function by itself.');

  if (keep) return;
  await cdk('destroy', '--app', assembly, '--force');
  await deployed.keepsOnlyData();
  step('cdk destroy: the functions are gone; the table, the key and the credentials of the apps stay.');
}

/** Another installation beside the first, with the rest chosen, while the first waits for its schedule. */
async function second(
  aws: Emulator,
  first: Deployed,
  credentials: object,
  cdk: (...args: string[]) => Promise<string>,
  synth: (output: string, choices: Record<string, string>) => Promise<void>,
): Promise<void> {
  const zoomUrl = `${zoom?.url}`;
  const app = join(folder, 'second.out');
  await synth(app, {
    name: 'staging',
    zoomOauthUrl: zoomUrl,
    zoomApiUrl: zoomUrl,
    createN8nUser: 'true',
    encryption: 'customer',
    domainName: 'zoom.example.com',
    certificateArn: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012`,
    removalPolicy: 'destroy',
  });
  const policies = adapt(app, 'staging');
  const outputsFile = join(folder, 'second.json');
  await cdk('deploy', '--app', app, '--require-approval', 'never', '--outputs-file', outputsFile);
  const outputs: Record<string, string> = JSON.parse(readFileSync(outputsFile, 'utf8')).staging;
  await protect(root(aws).secrets, policies, outputs);
  step('cdk deploy of a second installation: a user for n8n, a KMS key, a domain, nothing retained');

  deviation('it knows no AWS::IAM::AccessKey: the key of the user for n8n is made through the API');

  const staging = new SecondInstallation(aws, outputs);
  await staging.writeApp(credentials);
  await staging.isEncrypted();
  step('Its key and its app secret are under its own KMS key; its links lead to its domain.');
  const tokens = await first.read();
  await staging.publishes(zoomUrl);
  step('It connects and publishes; the user that was made for n8n reads the token, and Zoom accepts it.');
  await staging.doesNotOverwrite('reports', tokens);
  step("It is refused to publish under the first installation's connection, whose token stays.");

  await cdk('destroy', '--app', app, '--force');
  await staging.isGone();
  step('cdk destroy: of the second installation nothing is left but what it has published.');
}

function expectText(said: string, wanted: RegExp, what: string): void {
  if (!wanted.test(said)) throw new Error(`${what} did not say ${wanted}:\n${said.slice(-2000)}`);
}

async function end(status: number): Promise<never> {
  if (keep && status === 0 && emulator) {
    say(`It goes on, and so does Zoom at ${zoom?.url}, until Ctrl+C. For another terminal:`);
    for (const [name, value] of Object.entries(emulator.environment)) {
      if (name.startsWith('AWS_') || name.startsWith('NODE_')) say(`export ${name}=${value}`);
    }
    process.removeAllListeners('SIGINT');
    await new Promise((resolve) => process.once('SIGINT', resolve));
  }
  ending = true;
  endCommands();
  await zoom?.close();
  emulator?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(status);
}

function step(what: string): void {
  say(`✔ ${((Date.now() - began) / 1000).toFixed(0).padStart(3)} s  ${what}`);
}

function deviation(what: string): void {
  say(`  ≠ the emulator is not AWS: ${what}`);
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-3000);
  } catch {
    return '(none)';
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
