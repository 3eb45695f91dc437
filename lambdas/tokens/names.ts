import { BUNDLE_PATTERN, NAME_PATTERN } from '../contract.ts';
import { Failure } from './errors.ts';

const KINDS = {
  connection: 'a connection',
  bundle: 'a bundle',
  app: 'an app',
  instance: 'an n8n instance',
};

/**
 * Names that n8n refuses in an expression, as far as `NAME_PATTERN` allows them.
 * https://github.com/n8n-io/n8n/blob/master/packages/workflow/src/utils.ts
 */
const REFUSED_BY_N8N = new Set([
  'arguments',
  'binding',
  'caller',
  'constructor',
  'dlopen',
  'execve',
  'prototype',
]);

/** A bundle's secret is `n8n_zoom_bundle_<name>`. */
const RESERVED = /^bundle_/;

/** @throws {Failure} `rejected` (`invalid_name`) when the name does not fit n8n's dotted expression */
export function assertName(kind: keyof typeof KINDS, name: string): void {
  if (kind === 'connection' && REFUSED_BY_N8N.has(name)) throw refusedByN8n(name);
  if (kind === 'connection' && RESERVED.test(name)) throw reservedForBundles(name);
  if (kind === 'bundle' && NAME_PATTERN.test(name) && !BUNDLE_PATTERN.test(name)) throw isSecretName(name);
  if (NAME_PATTERN.test(name)) return;
  throw new Failure(
    'rejected',
    'invalid_name',
    `"${quoted(name)}" cannot be the name of ${KINDS[kind]}.`,
    'Use a lower-case letter, then up to 39 lower-case letters, digits and underscores.',
  );
}

/** Returns the beginning alone of a long text: it may be a link or a key in the place of a name, and messages are logged. */
const quoted = (name: string): string => (name.length > 24 ? `${name.slice(0, 12)}…` : name);

/**
 * Asserts that a text can be the id of a credential in n8n, which has at most 36 characters. It does not quote it: an API
 * key may stand there.
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export function assertCredentialId(id: string): void {
  if (/^\S{1,36}$/.test(id)) return;
  throw new Failure(
    'rejected',
    'invalid_name',
    'What was passed as the id of a credential is longer than an id of n8n, or has a space.',
    'Pass the id that n8n shows in the address of the opened credential.',
  );
}

const refusedByN8n = (name: string) =>
  new Failure(
    'rejected',
    'invalid_name',
    `"${name}" cannot be the name of a connection: n8n refuses it in an expression.`,
    'Choose another name.',
  );

const isSecretName = (name: string) =>
  new Failure(
    'rejected',
    'invalid_name',
    `"${name}" cannot be the name of a bundle: its secret would be n8n_zoom_bundle_${name}.`,
    'Leave out "n8n_zoom_bundle_": the secret of the bundle "sales" is n8n_zoom_bundle_sales.',
  );

const reservedForBundles = (name: string) =>
  new Failure(
    'rejected',
    'invalid_name',
    `"${name}" cannot be the name of a connection: names that begin with "bundle_" belong to the secrets of bundles.`,
    'Choose another name.',
  );
