import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { type Context, type Parse, parseOnce } from '../../../local/aws/parse-once.ts';

const require = createRequire(import.meta.url);
/** Returns dynalite's own parser, which another test file of this process may have replaced. */
function parserOf(kind: string): Parse {
  const { parse, original = parse } = require(`dynalite/db/${kind}Parser`);
  return original;
}

const { compare } = require('dynalite/db');

type Attributes = Record<string, Record<string, unknown>>;

/** Returns the context that dynalite's validation passes to a parser. */
function contextOf(attrVals: Attributes, attrNames: Record<string, string> = {}): Context {
  const unused = {
    unusedAttrNames: Object.fromEntries(Object.keys(attrNames).map((name) => [name, true])),
    unusedAttrVals: Object.fromEntries(Object.keys(attrVals).map((name) => [name, true])),
  };
  const isReserved = (name: string) => name.toUpperCase() === 'STATUS';
  return Object.assign({ attrNames, attrVals, ...unused }, { isReserved, compare });
}

/** The result of a parser, or its error, and the names that it left unused. */
function outcome(parse: Parse, expression: string, attributes: Attributes, names?: Record<string, string>) {
  const context = contextOf(attributes, names);
  const { unusedAttrNames, unusedAttrVals } = context;
  try {
    return { result: parse(expression, { context }), unusedAttrNames, unusedAttrVals };
  } catch (error) {
    // What is unused does not matter then.
    return { error };
  }
}

const NAMES = { '#a': 'one', '#b': 'two', '#unused': 'three' };
const SOME = { ':x': { N: '1' }, ':y': { S: 'a' }, ':unused': { N: '7' } };
const OTHERS = { ':x': { N: '2' }, ':y': { S: 'b' }, ':unused': { N: '8' } };
const OF_OTHER_TYPES = { ':x': { S: 'one' }, ':y': { N: '5' }, ':unused': { B: 'AA==' } };

describe.each([
  ['condition', '#a = :x AND (attribute_exists(#b) OR NOT two < :y)'],
  ['condition', 'one IN (:x, :y) AND size(#b) > :x'],
  ['condition', 'begins_with(#a, :y)'],
  ['condition', '#a BETWEEN :x AND :x'],
  ['condition', 'attribute_type(#a, :y)'],
  ['condition', 'status = :x'],
  ['condition', '#a = :missing'],
  ['condition', '#missing = :x'],
  ['condition', '#a = = :x'],
  ['condition', '((#a = :x))'],
  ['condition', '#a = #a'],
  ['update', 'SET #a = :x, two = if_not_exists(two, :x) + :x REMOVE four ADD five :x'],
  ['update', 'SET #a = list_append(#b, :y)'],
  ['update', 'SET #a = :x, #a = :y'],
  ['projection', '#a, #b.inner[2], four'],
])('an expression of a %s, %s,', (kind, expression) => {
  const parse = parserOf(kind);

  test('has the same syntax and the same errors as in dynalite, also the second time and with other values', () => {
    const once = parseOnce(parse);
    for (const values of [SOME, SOME, OTHERS, OF_OTHER_TYPES, OTHERS, OF_OTHER_TYPES, SOME])
      expect(outcome(once, expression, values, NAMES)).toEqual(outcome(parse, expression, values, NAMES));
    const renamed = { ...NAMES, '#a': 'other' };
    expect(outcome(once, expression, SOME, renamed)).toEqual(outcome(parse, expression, SOME, renamed));
  });
});

test('a request that changes its syntax does not change that of the next one', () => {
  const once = parseOnce(parserOf('condition'));
  const changed = outcome(once, '#a = :x', SOME, NAMES).result as { expression: { type: string } };
  changed.expression.type = 'changed';
  const again = outcome(once, '#a = :x', OTHERS, NAMES).result as { expression: { type: string } };
  again.expression.type = 'changed';
  expect(outcome(once, '#a = :x', SOME, NAMES)).toEqual(
    outcome(parserOf('condition'), '#a = :x', SOME, NAMES),
  );
});

test('an expression is parsed once for all values of the same types', () => {
  const parsed: string[] = [];
  const once = parseOnce((expression, options) => {
    parsed.push(expression);
    return parserOf('condition')(expression, options);
  });
  for (const values of [SOME, OTHERS, OF_OTHER_TYPES, SOME]) outcome(once, '#a = :x', values, NAMES);
  expect(parsed).toEqual(['#a = :x', '#a = :x']);
});
