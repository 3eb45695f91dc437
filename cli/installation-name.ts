import { InvalidArgumentError } from 'commander';
import { INSTALLATION_PATTERN } from '../lambdas/contract.ts';
import { filled } from './terminal/filled.ts';

/**
 * Reads the name of an installation. AWS would take some others for an ARN or a version of a function.
 * @throws {InvalidArgumentError}
 */
export function installationName(text: string): string {
  if (INSTALLATION_PATTERN.test(filled(text))) return text;
  throw new InvalidArgumentError('Expected 1 to 40 of a-z, 0-9 and "-", starting with a letter.');
}
