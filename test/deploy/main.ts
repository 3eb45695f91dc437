import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startZoom, type Zoom } from '../../local/zoom/server.ts';
import { synthesized } from '../lib/synthesized.ts';
import { freePort, Missing } from '../support/services/machine.ts';
import { Again } from './again.ts';
import { adapt, protect } from './assembly.ts';
import { allow, attach, createUser, root, userArn } from './aws.ts';
import { run, stopCommands } from './command.ts';
import { Deployed } from './deployed.ts';
import { ACCOUNT, type Emulator, install, REGION, start } from './emulator.ts';
import { SecondInstallation } from './second.ts';
import { type Template, writeVariant } from './variant.ts';

// `npm run test:deploy [-- --keep]` deploys to an emulator of AWS and tests the deployed system from outside.
// Exit status: 0 passed, 1 failed, 75 not tested because this machine lacks a program.

const NOT_TESTED = 75;
const ROOT = join(import.meta.dirname, '../..');
const STACK = 'zoom-token-refresher';
const SECOND = 'staging';
/** The schedule's rate is one minute, which the emulator counts from its creation and checks every ten seconds. */
const SCHEDULE_SECONDS = 100;

/** https://docs.n8n.io/external-secrets/ */
const SAMPLE_POLICY_OF_N8N = {
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
/** The same, without the changes for the emulator. */
const bundled = join(folder, 'bundled.out');
const keep = process.argv.includes('--keep');
let emulator: Emulator | undefined;
let zoom: Zoom | undefined;
let ending = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(1));
try {
  const python = await install();
  emulator = await start(python, folder);
  await testDeployment(emulator, python);
  print('Passed.');
  await end(0);
} catch (error) {
  if (ending) await new Promise(() => {}); // A signal is stopping the run. The error comes from a program that it stopped.
  const isMissing = error instanceof Missing;
  print(isMissing ? `NOT TESTED. ${error.message}` : `FAILED: ${(error as Error).stack}`);
  if (!isMissing) print(`The emulator's log:\n${tail(join(folder, 'emulator.log'))}`);
  await end(isMissing ? NOT_TESTED : 1);
}

async function testDeployment(aws: Emulator, python: string): Promise<void> {
  step(`An emulator of AWS runs at ${aws.url}; IAM is enforced.`);
  const cdkIn = (args: string[], region = REGION) =>
    run('cdk', [...args, '--no-notices'], {
      cwd: args[0] === 'bootstrap' ? folder : ROOT, // In the project's folder, bootstrap would synthesize the app.
      env: { ...aws.environment, AWS_REGION: region },
    });
  const cdk = (...args: string[]) => cdkIn(args);

  await cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`);
  step('cdk bootstrap');

  const callers = {
    n8n: await createUser(aws, 'n8n'),
    sample: await createUser(aws, 'sample'),
    operator: await createUser(aws, 'operator'),
  };
  const zoomPort = await freePort();
  const zoomUrl = `http://localhost:${zoomPort}`;
  const context = {
    zoomOauthUrl: zoomUrl,
    zoomApiUrl: zoomUrl,
    apps: 'reports',
    n8nPrincipals: userArn('n8n'),
    n8nUrls: 'https://n8n.example.com',
    alarmEmail: 'operator@example.com',
  };
  await cdk('synth', '--quiet', '--no-validation', '--output', assembly, ...contextArgs(context));
  step('cdk synth, with the functions bundled');
  const second = synthesized(settingsOfSecond(zoomUrl)).toJSON() as Template;
  const secondFile = join(folder, `${SECOND}.template.json`);
  writeFileSync(secondFile, JSON.stringify(second));
  const templates = [join(assembly, '*.template.json'), secondFile];
  await run(join(python, '../cfn-lint'), templates, { cwd: ROOT, env: process.env });
  step('cfn-lint finds nothing in this template, nor in that of a second installation with other settings.');

  cpSync(assembly, bundled, { recursive: true });
  const policies = adapt(assembly, STACK);
  deviation(
    'it has no AWS::SecretsManager::ResourcePolicy: the policies are attached through the API after the deployment',
  );
  deviation(
    'its Ref of a secret is the name, not the ARN: replaced by Fn::GetAtt Id, which is the ARN in both',
  );

  deviation(
    "its aws:PrincipalArn of a function is the session's ARN, not the role's: the policies name both",
  );

  deviation('its IAM knows no log streams: the permission for the audit log names the log group');

  const deploy = ['deploy', '--app', assembly, '--require-approval', 'never'];
  const outputsFile = join(folder, 'outputs.json');
  await cdk(...deploy, '--outputs-file', outputsFile);
  const outputs: Record<string, string> = JSON.parse(readFileSync(outputsFile, 'utf8'))[STACK];
  step(`cdk deploy; the callback is ${outputs.CallbackUrl}`);

  await protect(root(aws).secrets, policies, outputs);
  await attach(aws, 'operator', outputs.OperatorPolicyArn);
  await allow(aws, 'sample', SAMPLE_POLICY_OF_N8N);

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
  const zoomOrigin = zoom.url;
  const deployedWith = (given: Record<string, string>) =>
    new Deployed(given, zoomOrigin, { ...callers, root: root(aws) });
  const deployed = deployedWith(outputs);

  for (const [app, credentials] of Object.entries(apps)) await deployed.writeApp(app, credentials);
  step('The operator writes the credentials of the apps, and cannot read them or the key.');
  await deployed.refusesRequestsWithoutLink();
  step('The API shows an error page without a link, and has no other path.');

  deviation(
    'its CreateSecret gives the version an id of its own: a first publication counts as failed and is retried',
  );
  await deployed.connectServerToServer('reports');
  deviation('its HTTP API passes no cookies: the last request of the consent invokes the function directly');
  await deployed.connectUser('main');
  let tokens = await deployed.readAll(['main', 'reports']);
  step('Two connections are made. n8n reads only their tokens, and Zoom accepts them.');
  await deployed.sampleReadsNothingElse();
  step("With the sample policy of n8n's documentation (Resource: *), n8n reads only the published tokens.");

  await deployed.rotate('main');
  tokens = await deployed.replaced('main', tokens);
  step('The rotate action of the operator function replaces a token.');

  await deployed.rotateKeys();
  await deployed.rotate('main');
  tokens = await deployed.replaced('main', tokens);
  step('The operator function replaces both keys, refuses to do it again, and goes on with the new ones.');

  await deployed.audits([
    ['connect', 'reports'],
    ['link', 'main'],
    ['rotate', 'main'],
    ['rotate-key'],
    ['rotate-key'],
    ['rotate', 'main'],
  ]);
  step('Each of these commands is one line of the audit log, which the operator cannot read.');

  deviation('the clock of a deployed function cannot be moved: the token is made due in the table');
  await deployed.makeDue('main');
  await deployed.sweep();
  tokens = await deployed.replaced('main', tokens);
  step('The rotate function replaces the token that is due.');

  await cdk(...deploy).then((output) => expectText(output, /no changes/, 'The second deployment'));
  step('cdk deploy again: no changes');
  await cdk('diff', '--app', assembly, '--method=template', '--fail').then((output) =>
    expectText(output, /no differences/i, 'cdk diff'),
  );
  step('cdk diff: no differences');

  await deployed.makeDue('main');
  await testSecondInstallation(aws, deployed, apps, cdk, second);

  print('   waiting up to a minute for the schedule …');
  for (
    let waited = 0;
    (await deployed.read()).get('n8n_zoom_main') === tokens.get('n8n_zoom_main');
    waited += 2
  ) {
    if (waited > SCHEDULE_SECONDS) throw new Error('The schedule did not start a sweep.');
    await setTimeout(2000);
  }
  await deployed.replaced('main', tokens);
  step('The schedule invokes the rotate function.');

  if (keep) return;
  deviation('it accepts names that are taken: the test looks for them before each deployment, and refuses');
  const options = { aws, cdk: cdkIn, folder, assembly: bundled, context, step };
  deviation('it deletes what an update removes and the template retains: the app gets its credentials again');
  await new Again({ ...options, credentials: apps.reports, deployedWith }).test();
}

/** Settings that the first installation does not use. */
function settingsOfSecond(zoomUrl: string): Record<string, string> {
  return {
    name: SECOND,
    n8nUrls: '',
    zoomOauthUrl: zoomUrl,
    zoomApiUrl: zoomUrl,
    createN8nUser: 'true',
    encryption: 'customer',
    domainName: 'zoom.example.com',
    certificateArn: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012`,
    removalPolicy: 'destroy',
  };
}

function contextArgs(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Tests a second installation with the other settings, while the first waits for its schedule. */
async function testSecondInstallation(
  aws: Emulator,
  first: Deployed,
  apps: { default: object; reports: object },
  cdk: (...args: string[]) => Promise<string>,
  template: Template,
): Promise<void> {
  const app = join(folder, 'second.out');
  writeVariant(bundled, app, STACK, template, SECOND);
  const policies = adapt(app, SECOND);
  const outputsFile = join(folder, 'second.json');
  const options = ['--require-approval', 'never', '--method', 'direct', '--outputs-file', outputsFile];
  await cdk('deploy', '--app', app, ...options);
  const outputs: Record<string, string> = JSON.parse(readFileSync(outputsFile, 'utf8'))[SECOND];
  await protect(root(aws).secrets, policies, outputs);
  step('cdk deploy of a second installation: a user for n8n, a KMS key, a domain, nothing retained');

  deviation('it has no AWS::IAM::AccessKey: the access key of the user for n8n is created through the API');

  const staging = new SecondInstallation(aws, outputs);
  await staging.writeApp(apps.default);
  await staging.isEncrypted();
  step('Its key and its app secret are encrypted with its own KMS key, and its links lead to its domain.');
  const tokens = await first.read();
  await staging.writeApp(apps.reports);
  await staging.publishes(`${zoom?.url}`);
  step('It connects and publishes. The user created for n8n reads the token, and Zoom accepts it.');
  await staging.doesNotOverwrite('reports', tokens);
  step("It cannot overwrite the published secret of the first installation's connection.");

  await cdk('destroy', '--app', app, '--force');
  await staging.isGone();
  step('cdk destroy: only the published secrets of the second installation are left.');
}

function expectText(output: string, expected: RegExp, command: string): void {
  if (!expected.test(output)) {
    throw new Error(`${command} did not print ${expected}:\n${output.slice(-2000)}`);
  }
}

async function end(status: number): Promise<never> {
  if (keep && status === 0 && emulator) {
    print(`The emulator and Zoom at ${zoom?.url} keep running until Ctrl-C. For another terminal:`);
    for (const [name, value] of Object.entries(emulator.environment)) {
      if (name.startsWith('AWS_') || name.startsWith('NODE_')) print(`export ${name}=${value}`);
    }
    process.removeAllListeners('SIGINT');
    await new Promise((resolve) => process.once('SIGINT', resolve));
  }
  ending = true;
  stopCommands();
  await zoom?.close();
  emulator?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(status);
}

function step(text: string): void {
  print(`✔ ${((Date.now() - began) / 1000).toFixed(0).padStart(3)} s  ${text}`);
}

function deviation(text: string): void {
  print(`  ≠ the emulator is not AWS: ${text}`);
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-3000);
  } catch {
    return '(none)';
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
