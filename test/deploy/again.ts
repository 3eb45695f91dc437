import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { everything, synthesized } from '../lib/synthesized.ts';
import { adapt, protect } from './assembly.ts';
import { attach, root } from './aws.ts';
import type { DeployMethod } from './command.ts';
import type { Deployed } from './deployed.ts';
import { ACCOUNT, type Emulator, REGION } from './emulator.ts';
import { Account, type Named } from './taken-names.ts';
import { type Template, templateIn, writeVariant } from './variant.ts';

const STACK = 'zoom-token-refresher';
const SECOND_REGION = 'us-east-1';

type Outputs = Record<string, string>;

interface AgainOptions {
  aws: Emulator;
  cdk: (args: string[], region?: string) => Promise<string>;
  /** Folder for the assemblies. */
  folder: string;
  /** The assembly that is deployed. */
  assembly: string;
  context: Record<string, string>;
  /** Credentials of the app `reports`. */
  credentials: object;
  deployedWith: (outputs: Outputs) => Deployed;
  step: (text: string) => void;
}

/** Tests that the stack can be deployed again and again: what an earlier one left never stops it, and is never lost. */
export class Again {
  private readonly account = new Account();
  private readonly options: AgainOptions;
  private variants = 0;

  constructor(options: AgainOptions) {
    this.options = options;
    this.account.deploy(STACK, templateIn(options.assembly, STACK) as never, REGION);
  }

  async test(): Promise<void> {
    const { context, step, cdk, assembly, deployedWith } = this.options;
    const { apps: _, ...withoutApps } = context;
    await this.deploy({ ...withoutApps, n8nUrls: '' });
    step('n8nUrls is empty and the app "reports" is out. Their secrets are retained.');
    const again = deployedWith(await this.deploy(context));
    step('n8nUrls has an address and the app is in again: neither name was taken.');
    await again.writeApp('reports', this.options.credentials);
    const existing = await again.existing();
    await again.keepsInOutput(existing);

    const lines = await again.auditLines();
    await this.destroy(assembly, REGION);
    await again.isDeleted();
    assert.deepEqual(await again.auditLines(), lines);
    step(
      'cdk destroy: the functions are deleted. The table, the bucket, the secrets and the audit log stay.',
    );

    const back = deployedWith(await this.deploy({ ...context, existing: JSON.stringify(existing) }));
    const tokens = await back.read();
    await back.makeDue('main');
    await back.sweep();
    const rotated = await back.replaced('main', tokens);
    await back.rotate('reports');
    await back.replaced('reports', rotated);
    assert.deepEqual(
      (await back.auditLines()).slice(lines.length).map(({ action }) => action),
      ['rotate'],
    );
    assert.deepEqual(await back.existing(), existing);
    step('cdk deploy with the whole block "existing": the same connections rotate without a person.');

    await cdk(['bootstrap', `aws://${ACCOUNT}/${SECOND_REGION}`], SECOND_REGION);
    const { n8nPrincipals: __, ...elsewhere } = context;
    const template = await this.deploy(elsewhere, SECOND_REGION);
    assert.ok(template.OperatorFunctionName);
    await this.destroy(this.latest(), SECOND_REGION);
    step(`The same name deploys in ${SECOND_REGION} of the same account, and is destroyed there.`);

    await this.destroy(assembly, REGION);
    await this.upgrade();
  }

  /** Deploys the frozen template of the first release, connects, and upgrades to this version with another setting. */
  private async upgrade(): Promise<void> {
    const { step, context, deployedWith } = this.options;
    const file = join(import.meta.dirname, '../fixtures/template-1.json');
    const text = readFileSync(file, 'utf8')
      .replaceAll('https://zoom.us', `${context.zoomOauthUrl}`)
      .replaceAll('https://api.zoom.us', `${context.zoomApiUrl}`);
    const frozen: Template = JSON.parse(text);
    for (const { Type, Properties } of Object.values(frozen.Resources)) {
      // The role of the fixture does not exist here.
      if (Type === 'AWS::IAM::ManagedPolicy') Reflect.deleteProperty(Properties, 'Roles');
      if (Type === 'AWS::Lambda::Function') Properties.MemorySize = 256;
    }
    const before = deployedWith(await this.deployTemplate(frozen, REGION));
    await before.writeApp('reports', this.options.credentials);
    await before.connectServerToServer('upgraded');
    const existing = await before.existing();
    step('The frozen template of the first release is deployed, and has a connection.');

    const { zoomOauthUrl, zoomApiUrl, n8nPrincipals } = context;
    const now = { ...everything, zoomOauthUrl, zoomApiUrl, n8nPrincipals, sweepRateMinutes: '2' };
    const after = deployedWith(await this.deploy(now as never, REGION, 'change-set'));
    // The first release had no audit log.
    const { auditLogGroup, ...kept } = await after.existing();
    assert.ok(auditLogGroup);
    assert.deepEqual(kept, existing);
    await after.rotate('upgraded');
    step('The upgrade to this version keeps the table, the secrets and the connection, which rotates.');
    await this.destroy(this.latest(), REGION);
  }

  private deploy(
    context: Record<string, string>,
    region = REGION,
    method: DeployMethod = 'direct',
  ): Promise<Outputs> {
    return this.deployTemplate(synthesized(context).toJSON() as Template, region, method);
  }

  private async deployTemplate(
    template: Template,
    region: string,
    method: DeployMethod = 'direct',
  ): Promise<Outputs> {
    const { aws, cdk, assembly } = this.options;
    this.account.deploy(STACK, template as never, region, await this.secretNames());
    this.variants += 1;
    writeVariant(assembly, this.latest(), STACK, template);
    const policies = adapt(this.latest(), STACK);
    const outputsFile = `${this.latest()}.json`;
    await cdk(
      ['deploy', '--app', this.latest(), '--require-approval', 'never', '--method', method].concat([
        '--outputs-file',
        outputsFile,
      ]),
      region,
    );
    const outputs: Outputs = JSON.parse(readFileSync(outputsFile, 'utf8'))[STACK];
    if (region !== REGION) return outputs;
    await protect(root(aws).secrets, policies, outputs);
    await attach(aws, 'operator', outputs.OperatorPolicyArn);
    return outputs;
  }

  private async destroy(app: string, region: string): Promise<void> {
    await this.options.cdk(['destroy', '--app', app, '--force'], region);
    this.account.destroy(STACK, region);
  }

  private latest(): string {
    return join(this.options.folder, `variant-${this.variants}.out`);
  }

  /** The emulator's names of secrets, those without any stack included. */
  private async secretNames(): Promise<Named[]> {
    const { SecretList = [] } = await root(this.options.aws).secrets.send(
      new ListSecretsCommand({ IncludePlannedDeletion: true }),
    );
    return SecretList.map(({ Name = '' }) => ({
      type: 'AWS::SecretsManager::Secret',
      name: Name,
      region: REGION,
    }));
  }
}
