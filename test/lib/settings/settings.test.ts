import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { settingsFromContext, toSettings } from '../../../lib/settings/read-settings.ts';

const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

test('every setting has a default', () => {
  expect(toSettings({})).toMatchObject({
    name: 'zoom-token-refresher',
    apps: [],
    zoomOauthUrl: 'https://zoom.us',
    zoomApiUrl: 'https://api.zoom.us',
    sweepRateMinutes: 1,
    marginSeconds: 600,
    earlyMarginSeconds: 1800,
    removalPolicy: 'retain',
    encryption: 'aws',
    logRetentionDays: 30,
    auditRetentionDays: 365,
    n8nUrls: [],
    alarmNoSweepMinutes: 10,
    alarmValidityMinutes: 10,
  });
});

test('numbers, booleans and lists may be text, as cdk -c passes them', () => {
  const given = {
    sweepRateMinutes: '2',
    createN8nUser: 'true',
    deletionProtection: 'false',
    apps: 'reports, support',
    logRetentionDays: '365',
  };
  expect(toSettings(given)).toMatchObject({
    sweepRateMinutes: 2,
    createN8nUser: true,
    deletionProtection: false,
    apps: ['reports', 'support'],
    logRetentionDays: 365,
  });
});

test('a Zoom user may be told any name, and an e-mail or https address to ask', () => {
  expect(() => toSettings({ displayName: 'Ä & Söhne', contact: 'it@acme.example' })).not.toThrow();
  expect(() => toSettings({ displayName: 'A', contact: 'https://help.acme.example/zoom' })).not.toThrow();
});

test('a Zoom on this machine may use plain HTTP', () => {
  expect(() => toSettings({ zoomOauthUrl: 'http://localhost:8788' })).not.toThrow();
  expect(() => toSettings({ zoomApiUrl: 'http://127.0.0.1:8788' })).not.toThrow();
});

test('a smaller margin lowers the threshold of validity-low, so that a healthy token does not alarm', () => {
  expect(toSettings({ marginSeconds: 330 }).alarmValidityMinutes).toBe(5);
});

describe('an invalid value is rejected with a message that names it, what it must be and what it is', () => {
  test.each([
    ['name', 'Zoom Tokens'],
    ['name', ''],
    ['name', 'a'.repeat(41)],
    ['name', 7],
    ['apps', 'Reports'],
    ['apps', 'default'],
    ['apps', 'reports,reports'],
    ['apps', { reports: true }],
    ['zoomOauthUrl', 'zoom.us'],
    ['zoomOauthUrl', 'http://zoom.us'],
    ['zoomOauthUrl', 'https://zoom.us/'],
    ['zoomOauthUrl', 'https://zoom.us/oauth'],
    ['zoomApiUrl', 'https://api.zoom.us/v2'],
    ['zoomApiUrl', ['https://api.zoom.us']],
    ['reservedConcurrency', 1],
    ['architecture', 'x86'],
    ['sweepRateMinutes', 0],
    ['sweepRateMinutes', 6],
    ['sweepRateMinutes', 1.5],
    ['sweepRateMinutes', 'often'],
    ['marginSeconds', 119],
    ['marginSeconds', '-600'],
    ['marginSeconds', 2401],
    ['earlyMarginSeconds', 3000],
    ['n8nPrincipals', 'n8n'],
    ['n8nPrincipals', 'arn:aws:sts::111122223333:assumed-role/n8n/session'],
    ['n8nAccountIds', '1111-2222-3333'],
    ['n8nAccountIds', [111122223333]],
    ['createN8nUser', 'yes'],
    ['n8nUrls', 'n8n.example.com'],
    ['n8nUrls', 'http://n8n.example.com'],
    ['n8nUrls', 'https://localhost:5678'],
    ['n8nUrls', 'https://127.9.9.9'],
    ['n8nUrls', 'https://[::1]:5678'],
    ['n8nUrls', 'https://me:secret@n8n.example.com'],
    ['n8nUrls', 'https://n8n.example.com/?x=1'],
    ['n8nUrls', ['https://n8n.example.com', 'https://n8n.example.com/']],
    ['n8nUrls', [`https://${'n'.repeat(100)}.example.com`]],
    ['n8nUrls', Array.from({ length: 11 }, (_, index) => `https://n8n${index}.example.com`)],
    ['n8nUrls', true],
    ['auditRetentionDays', 31],
    ['domainName', 'https://zoom.example.com'],
    ['domainName', 'Zoom.example.com'],
    ['certificateArn', 'arn:aws:iam::111122223333:server-certificate/zoom'],
    ['encryption', 'mine'],
    ['kmsKeyArn', 'arn:aws:kms:eu-west-1:111122223333:alias/zoom'],
    ['removalPolicy', 'snapshot'],
    ['deletionProtection', 1],
    ['logRetentionDays', 31],
    ['alarmEmail', 'operator'],
    ['displayName', ''],
    ['displayName', ' Acme'],
    ['displayName', 'x'.repeat(61)],
    ['displayName', 'Acme\nAutomation'],
    ['contact', 'the IT team'],
    ['contact', 'http://help.example.com'],
    ['contact', 'it@acme.example?bcc=all@acme.example'],
    ['alarmNoSweepMinutes', 4],
    ['alarmValidityMinutes', 0],
    ['alarmPublishFailures', 0],
    ['alarmCallbackErrors', 'few'],
    ['runbookUrl', 'see the wiki'],
  ])('%s: %j', (key, value) => {
    expect(() => toSettings({ [key]: value })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          new RegExp(`^"${key}" must be .+, but it is ${literal(JSON.stringify(value))}\\.$`),
        ),
      }),
    );
  });

  test.each([
    [
      { sweepRateMinutes: 5, alarmNoSweepMinutes: 9 },
      '"alarmNoSweepMinutes" must be at least the minutes of two sweeps, 10, but it is 9.',
    ],
    [
      { sweepRateMinutes: 5, marginSeconds: 599 },
      '"marginSeconds" must be at least the seconds of two sweeps, 600, but it is 599.',
    ],
    [
      { earlyMarginSeconds: 300 },
      '"earlyMarginSeconds" must be at least "marginSeconds", 600, but it is 300.',
    ],
    [
      { earlyMarginSeconds: 3000 },
      '"earlyMarginSeconds" must be a whole number from 120 to 2400 (Secrets Manager allows 100 versions of a secret in 24 hours), but it is 3000.',
    ],
    [
      { alarmValidityMinutes: 11 },
      '"alarmValidityMinutes" must be at most 10, the minutes of "marginSeconds", but it is 11.',
    ],
    [
      { domainName: 'zoom.example.com' },
      '"certificateArn" must be the ARN of the certificate for "domainName", but it is missing.',
    ],
    [
      { certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/a-b' },
      '"domainName" must be the domain name of "certificateArn", but it is missing.',
    ],
    [
      { encryption: 'customer', kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/a-b' },
      '"encryption" must be left out if "kmsKeyArn" is set, since "customer" creates another key, but it is "customer".',
    ],
  ])('settings that are invalid together: %j', (given, message) => {
    expect(() => toSettings(given)).toThrow(message);
  });

  test('in the context of cdk.json, with how to correct it', () => {
    const { node } = new App({ context: { sweepRateMinutes: 60 } });
    expect(() => settingsFromContext(node)).toThrow(
      '"sweepRateMinutes" must be a whole number from 1 to 5, but it is 60. ' +
        'Correct it in the context of cdk.json, or pass -c sweepRateMinutes=…',
    );
  });
});
