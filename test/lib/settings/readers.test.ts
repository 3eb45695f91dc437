import { expect, test } from '@jest/globals';
import { toSettings } from '../../../lib/settings/read-settings.ts';
import { resolve, type Statement, secretPattern } from '../permissions/iam.ts';
import { functionNamed, synthesized } from '../synthesized.ts';

/** Returns the secrets that the policy for n8n allows to read, and the operator function's variable. */
function readable(context: Record<string, unknown>) {
  const template = synthesized(context);
  const [policy] = Object.values(
    template.findResources('AWS::IAM::ManagedPolicy', {
      Properties: { Description: 'Lets n8n read the Zoom access tokens that are published for it.' },
    }),
  );
  const statements: Statement[] = resolve(template, policy?.Properties.PolicyDocument.Statement);
  const reads = statements.filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'));
  const { READERS } = functionNamed(template, 'zoom-token-refresher-operator').Environment.Variables;
  return { secrets: reads.flatMap(({ Resource }) => Resource), READERS };
}

const bundleSecret = (bundle: string) => secretPattern(`n8n_zoom_bundle_${bundle}-`).replace('*', '??????');

test('readers narrows the policy of n8n to exactly the secrets of these bundles', () => {
  expect(readable({ readers: 'sales,team_2' })).toEqual({
    secrets: [bundleSecret('sales'), bundleSecret('team_2')],
    READERS: 'sales,team_2',
  });
});

test('without readers the policy of n8n allows every published secret, and nothing else', () => {
  expect(readable({})).toEqual({ secrets: [secretPattern('n8n_zoom_')], READERS: undefined });
});

test.each([
  'Sales',
  '*',
  'sales*',
  '',
  'sales,sales',
  'bundle_sales',
  'n8n_zoom_bundle_sales',
  'n8n_zoom_anna',
  [7],
  Array.from({ length: 21 }, (_, number) => `team_${number}`),
])('readers %j name no bundle, so the synthesis refuses them', (readers) => {
  expect(() => toSettings({ readers })).toThrow(
    `"readers" must be a list without duplicates, at most 20 items, each item the name of a bundle such as "sales", without "n8n_zoom_bundle_", but it is ${JSON.stringify(readers)}.`,
  );
});

const longNames = (count: number) =>
  Array.from({ length: count }, (_, number) => `${'a'.repeat(38)}${number + 10}`).join(',');

test('twenty readers with the longest names fit into the environment of a function', () => {
  expect(() => synthesized({ readers: longNames(20) })).not.toThrow();
});

test('readers and apps that together exceed the environment of a function are refused by the synthesis', () => {
  expect(() => synthesized({ readers: longNames(20), apps: longNames(11) })).toThrow(
    /The environment variables of zoom-token-refresher-operator would take \d+ bytes, and Lambda allows 4096\./,
  );
});

test('a default bundle of an app that is not deployed would serve nothing, so the synthesis refuses it', () => {
  const defaultBundle = { default: 'sales', reprots: 'team' };
  expect(() => toSettings({ defaultBundle, apps: ['reports'] })).toThrow(
    '"apps" must be a list with "reprots", which "defaultBundle" names, but it is ["reports"].',
  );
});
