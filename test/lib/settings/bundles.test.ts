import { expect, test } from '@jest/globals';
import { toSettings } from '../../../lib/settings/read-settings.ts';

test.each(['sales', { default: 'sales', reports: 'team' }])('%j is a default bundle', (defaultBundle) => {
  expect(toSettings({ defaultBundle, apps: ['reports'] }).defaultBundle).toEqual(defaultBundle);
});

test('the default bundle of each app may be passed as JSON', () => {
  const settings = { defaultBundle: '{"reports":"team"}', apps: ['reports'] };
  expect(toSettings(settings).defaultBundle).toEqual({ reports: 'team' });
});

test.each(['Sales', 'bundle_sales', { reports: 'a b' }, 7, '{'])(
  '%j is no default bundle',
  (defaultBundle) => {
    expect(() => toSettings({ defaultBundle })).toThrow('"defaultBundle" must be the name of a bundle');
  },
);

test('a bundle has 48,000 bytes unless it is set, and never more than a secret can hold', () => {
  expect(toSettings({}).bundleBytes).toBe(48_000);
  expect(() => toSettings({ bundleBytes: 65_537 })).toThrow('1000 to 65536');
});
