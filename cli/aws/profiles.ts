import { homedir } from 'node:os';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { Failure } from '../../lambdas/operator-protocol.ts';
import { quote } from '../terminal/quote.ts';

/** Sections of `~/.aws/config` that are no profiles, as the SDK names them. */
const NO_PROFILE = /^(sso-session|services)\./;

/** Returns the profile that the SDK uses for the value of `--profile`. */
export const profileName = (profile: string | undefined): string =>
  profile ?? (process.env.AWS_PROFILE || 'default');

/**
 * Returns the failure for a profile that was asked for and does not exist.
 * @param profile value of `--profile`
 * @returns `undefined` when the profile exists or none was asked for
 */
export async function profileUnknown(profile: string | undefined): Promise<Failure | undefined> {
  const name = profile ?? (process.env.AWS_PROFILE || undefined);
  if (name === undefined) return undefined;
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const files: [path: string, profiles: string[]][] = [
    [fileName('AWS_CONFIG_FILE', '~/.aws/config'), profilesOf(configFile)],
    [fileName('AWS_SHARED_CREDENTIALS_FILE', '~/.aws/credentials'), profilesOf(credentialsFile)],
  ];
  if (files.some(([, profiles]) => profiles.includes(name))) return undefined;
  const known = files
    .filter(([, profiles]) => profiles.length > 0)
    .map(([path, profiles]) => ` Profiles in ${path}: ${profiles.join(', ')}`);
  return new Failure(
    'misconfigured',
    'unknown_profile',
    `AWS profile "${name}" not found.${known.length > 0 ? known.join('.') : ` ${files.map(([path]) => path).join(' and ')} have no profiles.`}`,
    known.length > 0
      ? 'Pass one of them: --profile.'
      : `Create it: aws configure sso --profile ${quote(name)}`,
  );
}

const profilesOf = (file: object): string[] =>
  Object.keys(file).filter((section) => !NO_PROFILE.test(section));

function fileName(variable: string, standard: string): string {
  const path = process.env[variable];
  if (!path) return standard;
  const home = `${homedir()}/`;
  return path.startsWith(home) ? `~/${path.slice(home.length)}` : path;
}
