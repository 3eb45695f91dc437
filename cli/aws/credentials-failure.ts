import { Failure } from '../../lambdas/operator-protocol.ts';
import { quote } from '../terminal/quote.ts';
import { profileName, profileUnknown } from './profiles.ts';

/**
 * Returns the failure for an error of the SDK's credential providers.
 * @param message the error's
 * @param profile value of `--profile`
 */
export async function credentialsFailure(message: string, profile: string | undefined): Promise<Failure> {
  const unknown = await profileUnknown(profile);
  if (unknown) return unknown;
  const name = profile ?? (process.env.AWS_PROFILE || undefined);
  // Also "Token is expired. To refresh this SSO session run …", and the response of the SSO portal to a revoked token.
  if (/\bSSO session\b|UnauthorizedException: Session token/.test(message)) {
    return noCredentials(
      'Your AWS SSO session has expired.',
      `Run: aws sso login${name === undefined ? '' : ` --profile ${quote(name)}`}`,
    );
  }
  // The SDK's own text is useful, unless it only says that every provider was tried.
  const isUnspecific = /any provider/.test(message);
  if (isUnspecific && name !== undefined) {
    return noCredentials(
      `AWS profile "${profileName(profile)}" has no credentials.`,
      `Add them: aws configure sso --profile ${quote(name)}, or pass another profile: --profile.`,
    );
  }
  const reason = isUnspecific ? '' : ` ${message.replace(/\.?$/, '.')}`;
  return noCredentials(
    `No AWS credentials found.${reason}`,
    'Sign in (aws sso login, aws login, aws configure), or pass a profile that has credentials: --profile.',
  );
}

const noCredentials = (message: string, action: string) =>
  new Failure('misconfigured', 'no_credentials', message, action);
