import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { BUNDLE_BYTES } from '../../lambdas/contract.ts';
import { contentOf, fieldBytes, type MemberToken } from '../../lambdas/tokens/publication/content.ts';
import type { LocalStack } from '../../local/local-stack.ts';

const TOKEN_CHARACTERS = 900;

/** A bundle's secret, and the tokens that must be read in it. */
export interface LargeBundle {
  secretName: string;
  tokens: Record<string, string>;
  bytes: number;
}

/** Creates the secret of a bundle with 50 tokens of 900 characters, and one of a bundle as large as a secret can be. */
export async function createLargeBundles(stack: LocalStack): Promise<LargeBundle[]> {
  const fifty = Array.from({ length: 50 }, (_, index) => member(`user_${index}`, TOKEN_CHARACTERS));
  return [await create(stack, 'fifty', fifty), await create(stack, 'largest', filled(BUNDLE_BYTES.most))];
}

function filled(bytes: number): MemberToken[] {
  const members: MemberToken[] = [];
  let left = bytes - 1;
  for (let index = 0; left > 0; index += 1) {
    const one = member(`user_${index}`, TOKEN_CHARACTERS);
    const size = fieldBytes(one.connection, one.accessToken);
    const isLast = left < 2 * size;
    members.push(isLast ? member(one.connection, TOKEN_CHARACTERS + left - size) : one);
    left -= isLast ? left : size;
  }
  return members;
}

const member = (connection: string, characters: number): MemberToken => ({
  ...{ connection, generation: 1, version: 1, rotatedAt: 0, since: 0 },
  accessToken: `token-of-${connection}-`.padEnd(characters, 'x'),
});

async function create(stack: LocalStack, name: string, members: MemberToken[]): Promise<LargeBundle> {
  const { value, excess } = contentOf(members, BUNDLE_BYTES.most);
  if (excess.length > 0) throw new Error(`The bundle "${name}" is too large.`);
  const secretName = `n8n_zoom_bundle_${name}`;
  await stack.secretsManager.send(new CreateSecretCommand({ Name: secretName, SecretString: value }));
  const tokens = Object.fromEntries(members.map(({ connection, accessToken }) => [connection, accessToken]));
  return { secretName, tokens, bytes: Buffer.byteLength(value) };
}
