import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { parseKnownFiles } from '@smithy/core/config';
import { Failure } from '../../lambdas/operator-protocol.ts';
import { profileName } from './profiles.ts';

/**
 * Returns the CAs that connections to AWS trust: those of `AWS_CA_BUNDLE` or of the profile's `ca_bundle`, which the AWS
 * CLI reads, in addition to Node's own and those of `NODE_EXTRA_CA_CERTS`.
 * @returns `undefined` when neither is set
 * @throws {Failure} `misconfigured` for a file that cannot be read
 */
export async function caBundle(profile: string | undefined): Promise<string[] | undefined> {
  const path = process.env.AWS_CA_BUNDLE || (await parseKnownFiles({}))[profileName(profile)]?.ca_bundle;
  if (!path) return undefined;
  try {
    return [...nodeCertificates(), await readFile(path, 'utf8')];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      'misconfigured',
      'aws_tls',
      `The CA bundle ${path} cannot be read (${code}).`,
      'Correct AWS_CA_BUNDLE, or ca_bundle in the AWS profile.',
    );
  }
}

/** Node before 22.15 cannot list the certificates of `NODE_EXTRA_CA_CERTS`. */
const nodeCertificates = (): readonly string[] =>
  (tls.getCACertificates as typeof tls.getCACertificates | undefined)?.('default') ?? tls.rootCertificates;
