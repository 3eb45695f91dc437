import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { lasting } from './lasting.ts';
import { everything, synthesized } from './synthesized.ts';

// An upgrade must not change what `lasting` returns of the frozen template. Each kind of change has its cost:
// - A logical id or a type: CloudFormation deletes the resource and creates another. The installation loses a table, a key or
//   the credentials of an app until `existing` brings it back. Everyone loses a policy that was attached by hand.
// - A name: CloudFormation replaces the resource. Functions, logs and alarms lose their history, and what people typed into
//   scripts no longer works. Two resources of one name fail the deployment.
// - The description of a managed policy: CloudFormation replaces the policy, so n8n and the operators lose their access, and
//   the deployment fails while the policy is attached to a principal of another stack.
// - `GenerateSecretString` or `SecretString`: CloudFormation overwrites the present value.
// - The keys of the table: CloudFormation replaces it. Its indexes: one may be made or removed in one deployment.
// `npm run freeze` writes the fixture anew; a release that does so says in CHANGELOG.md what to do.
const frozen = JSON.parse(readFileSync(new URL('../fixtures/template-1.json', import.meta.url), 'utf8'));
const before = lasting(frozen.Resources);

/** The resources that were added after the fixture, until `npm run freeze` adds them there. */
const added = {
  ZoomTokenRefresherAuditLogGroup78F5172D: {
    Type: 'AWS::Logs::LogGroup',
    DeletionPolicy: 'RetainExceptOnCreate',
  },
  ZoomTokenRefresherAuditLogStream211BBAEF: {
    Type: 'AWS::Logs::LogStream',
    DeletionPolicy: 'RetainExceptOnCreate',
    LogGroupName: { Ref: 'ZoomTokenRefresherAuditLogGroup78F5172D' },
    LogStreamName: 'commands',
  },
};

const now = (context: object) => lasting(synthesized({ ...everything, ...context }).toJSON().Resources);

test('an upgrade keeps the ids, types, names and descriptions of all that is named, retained or attached by hand', () => {
  expect(now({})).toMatchObject({ ...before, ...added });
});

describe('another setting', () => {
  const retained = (all: Record<string, object>) =>
    Object.entries(all).filter(([, { DeletionPolicy }]: [string, { DeletionPolicy?: string }]) =>
      DeletionPolicy?.startsWith('Retain'),
    );

  test.each([
    ['name with the earlier installationId', { name: 'zoom', installationId: 'zoom-token-refresher' }],
    ['installationId', { installationId: 'other' }],
    ['alarmEmail', { alarmEmail: 'someone@example.com' }],
    ['logRetentionDays', { logRetentionDays: 365 }],
    ['sweepRateMinutes', { sweepRateMinutes: 2 }],
  ])('%s replaces nothing that is retained', (_, context) => {
    expect(retained(now(context))).toEqual(retained(now({})));
  });
});

test('the check sees a changed id, type, name, description and generated value', () => {
  const [table = ''] = Object.keys(before).filter((id) => /ConnectionsTable/.test(id));
  const [policy = ''] = Object.keys(before).filter((id) => /OperatorPolicy/.test(id));
  const [key = ''] = Object.keys(before).filter((id) => /CredentialsSealingKey[A-F0-9]/.test(id));
  const [alarm = ''] = Object.keys(before).filter((id) => /nosweep/.test(id));
  const changes: [string, object][] = [
    [table, { Type: 'AWS::DynamoDB::GlobalTable' }],
    [policy, { Properties: { Description: 'Lets operators operate.' } }],
    [key, { Properties: { GenerateSecretString: { PasswordLength: 32 } } }],
    [alarm, { Properties: { AlarmName: 'another' } }],
  ];
  for (const [id, change] of changes) {
    const changed = lasting({ ...frozen.Resources, [id]: { ...frozen.Resources[id], ...change } });
    expect(() => expect(changed).toMatchObject(before)).toThrow();
  }
  const { [table]: _, ...without } = frozen.Resources;
  expect(() =>
    expect(lasting({ ...without, Renamed: frozen.Resources[table] })).toMatchObject(before),
  ).toThrow();
});
