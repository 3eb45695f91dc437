import { beforeEach, describe, expect, test } from '@jest/globals';
import { synthesized } from '../lib/synthesized.ts';
import { Account } from './taken-names.ts';

const REGION = 'eu-west-1';
let account: Account;
beforeEach(() => {
  account = new Account();
});

/** A template with one resource. */
const template = (Type: string, Properties: object, DeletionPolicy = 'Delete') => ({
  Resources: { It: { Type, Properties: { ...Properties }, DeletionPolicy } },
});
const secret = (Name: string, policy?: string) =>
  template('AWS::SecretsManager::Secret', { Name }, policy ?? 'RetainExceptOnCreate');
const dashboard = (DashboardName: unknown) => template('AWS::CloudWatch::Dashboard', { DashboardName });

describe('the check of names before a deployment refuses', () => {
  test('a secret that a deleted stack has retained under the same name', () => {
    account.deploy('zoom', secret('zoom/key'), REGION);
    account.destroy('zoom', REGION);
    expect(() => account.deploy('zoom', secret('zoom/key'), REGION)).toThrow(
      'AWS::SecretsManager::Secret It: "zoom/key" already exists.',
    );
  });

  test('a secret that an update has removed and retained', () => {
    account.deploy('zoom', secret('zoom/n8n'), REGION);
    account.deploy('zoom', { Resources: {} }, REGION);
    expect(() => account.deploy('zoom', secret('zoom/n8n'), REGION)).toThrow(/already exists/);
  });

  test('a changed logical id, since CloudFormation creates before it deletes', () => {
    account.deploy('zoom', secret('zoom/key'), REGION);
    const { It } = secret('zoom/key').Resources;
    expect(() => account.deploy('zoom', { Resources: { New: It } }, REGION)).toThrow(/already exists/);
  });

  test('an account-wide name in a second Region', () => {
    account.deploy('zoom', dashboard('zoom'), REGION);
    expect(() => account.deploy('zoom', dashboard('zoom'), 'us-east-1')).toThrow(/already exists/);
  });

  test('a name that the account has without any stack', () => {
    const found = [{ type: 'AWS::SecretsManager::Secret', name: 'zoom/key', region: REGION }];
    expect(() => account.deploy('zoom', secret('zoom/key'), REGION, found)).toThrow(/already exists/);
  });
});

describe('the check of names before a deployment accepts', () => {
  test('an update of the same stack', () => {
    const found = [{ type: 'AWS::SecretsManager::Secret', name: 'zoom/key', region: REGION }];
    account.deploy('zoom', secret('zoom/key'), REGION);
    expect(() => account.deploy('zoom', secret('zoom/key'), REGION, found)).not.toThrow();
  });

  test('a name that a deleted stack has released', () => {
    account.deploy('zoom', secret('zoom/key', 'Delete'), REGION);
    account.destroy('zoom', REGION);
    expect(() => account.deploy('zoom', secret('zoom/key', 'Delete'), REGION)).not.toThrow();
  });

  test('a regional name, and a dashboard whose name has the Region, in a second Region', () => {
    const regional = template('AWS::Lambda::Function', { FunctionName: 'zoom-rotate' });
    account.deploy('zoom', regional, REGION);
    account.deploy('zoom', regional, 'us-east-1');
    const name = { 'Fn::Join': ['', ['zoom-', { Ref: 'AWS::Region' }]] };
    account.deploy('board', dashboard(name), REGION);
    expect(() => account.deploy('board', dashboard(name), 'us-east-1')).not.toThrow();
  });
});

describe('the template of this project', () => {
  const full = synthesized({ apps: 'reports', monitoring: 'full', createN8nUser: true }).toJSON() as never;
  const less = synthesized({ n8nUrls: '' }).toJSON() as never;

  test('deploys again after cdk destroy, and with settings off and on and an app out and in', () => {
    for (const next of [full, less, full]) account.deploy('zoom', next, REGION);
    account.destroy('zoom', REGION);
    expect(() => account.deploy('zoom', full, REGION)).not.toThrow();
  });

  test('deploys in a second Region of the account', () => {
    account.deploy('zoom', full, REGION);
    expect(() => account.deploy('zoom', full, 'us-east-1')).not.toThrow();
  });

  test('is refused as another stack of the same name', () => {
    account.deploy('zoom', full, REGION);
    expect(() => account.deploy('other', full, REGION)).toThrow(/already exists/);
  });
});
