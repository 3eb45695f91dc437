import { InvalidArgumentError, Option } from 'commander';
import type { GrantType } from '../../lambdas/operator-protocol.ts';

const NAMES: Record<string, GrantType> = {
  authorization_code: 'authorization_code',
  user: 'authorization_code',
  account_credentials: 'account_credentials',
  s2s: 'account_credentials',
};

/** `--grant`, by OAuth's name or by Zoom's kind of app. */
export function grantOption(description: string): Option {
  return new Option(
    '--grant <grant>',
    `${description}: user (authorization_code) or s2s (account_credentials)`,
  ).argParser((text: string): GrantType => {
    const grant = NAMES[text];
    if (grant === undefined) throw new InvalidArgumentError('It is user or s2s.');
    return grant;
  });
}
