import { InvalidArgumentError, Option } from 'commander';
import type { GrantType } from '../../lambdas/operator-protocol.ts';

const GRANT_BY_NAME: Record<string, GrantType> = {
  authorization_code: 'authorization_code',
  user: 'authorization_code',
  account_credentials: 'account_credentials',
  s2s: 'account_credentials',
};

/** Returns the option `--grant`, which takes OAuth's grant type or a short name for Zoom's type of app. */
export function grantOption(description: string): Option {
  return new Option('--grant <grant>', `${description}; s2s is a Server-to-Server app`)
    .choices(['user', 's2s'])
    .argParser((name: string): GrantType => {
      const grant = GRANT_BY_NAME[name];
      if (grant === undefined) throw new InvalidArgumentError('Expected "user" or "s2s".');
      return grant;
    });
}
