import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { everything, synthesized } from '../lib/synthesized.ts';

const PAGE = readFileSync(new URL('../../docs/deploy-permissions.md', import.meta.url), 'utf8');

/** A context for each setting that stands in the page's column "when". */
const SETTINGS: Record<string, object> = {
  domainName: { domainName: everything.domainName, certificateArn: everything.certificateArn },
  'monitoring: full': { monitoring: 'full' },
  createN8nUser: { createN8nUser: true },
  'encryption: customer': { encryption: 'customer' },
  alarmEmail: { alarmEmail: everything.alarmEmail },
};

/** Contexts that together have every setting which adds a resource. */
const VARIANTS: Record<string, object> = {
  'the default settings': {},
  'every optional resource': everything,
  'everything and full monitoring': { ...everything, monitoring: 'full', reservedConcurrency: 2 },
  'bundles, readers and a push': {
    defaultBundle: 'sales',
    readers: 'sales',
    n8nUrls: 'https://n8n.example.com',
  },
  'a KMS key of the account': {
    kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012',
  },
  'the removal policy destroy': { removalPolicy: 'destroy' },
  ...SETTINGS,
};

/** Returns the resource types of a template. */
const typesOf = (context: object): string[] => {
  const { Resources } = synthesized({ ...context }).toJSON();
  const types = Object.values(Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
  // The tags of the CDK for its own statistics.
  return [...new Set(types)].filter((type) => type !== 'AWS::CDK::Metadata').sort();
};

interface Row {
  type: string;
  /** A setting, or `always`. */
  when: string;
  actions: string;
}

/** Returns the rows of the table of resource types. */
function rows(page: string): Row[] {
  const section = page.slice(
    page.indexOf('## What each resource type needs'),
    page.indexOf('Besides the resources'),
  );
  return [...section.matchAll(/^\| `(AWS::[\w:]+)`\s*\| (.+?)\s*\| (.+?)\s*\|$/gm)].map(
    ([, type = '', when = '', actions = '']) => ({
      type,
      when: when.replaceAll('`', ''),
      actions,
    }),
  );
}

const LISTED = rows(PAGE);
const missing = (types: string[], listed: Row[]) =>
  types.filter((type) => !listed.some((row) => row.type === type));

describe('docs/deploy-permissions.md', () => {
  test.each(Object.entries(VARIANTS))('lists every resource type of the template with %s', (_, context) => {
    expect(missing(typesOf(context), LISTED)).toEqual([]);
  });

  test('lists no resource type that no template has, and none twice', () => {
    const all = new Set(Object.values(VARIANTS).flatMap(typesOf));
    expect(LISTED.map(({ type }) => type)).toEqual([...all].sort());
  });

  test('says with which setting a resource type is there', () => {
    const always = typesOf({});
    for (const { type, when } of LISTED) {
      const isThere =
        when === 'always' ? always.includes(type) : typesOf(SETTINGS[when] ?? {}).includes(type);
      expect({ type, when, isThere, isDefault: always.includes(type) }).toEqual({
        ...{ type, when, isThere: true },
        isDefault: when === 'always',
      });
    }
  });

  test('gives each resource type actions of IAM, by service', () => {
    for (const { type, actions } of LISTED) {
      expect(`${type}: ${actions}`).toMatch(
        /: `[a-z0-9]+:` [A-Za-z]+(, [A-Za-z]+)*(; `[a-z0-9]+:` [A-Za-z]+(, [A-Za-z]+)*)*$/,
      );
    }
  });

  test('without one of its rows would fail', () => {
    const without = LISTED.filter(({ type }) => type !== 'AWS::SQS::Queue');
    expect(missing(typesOf({}), without)).toEqual(['AWS::SQS::Queue']);
  });
});
