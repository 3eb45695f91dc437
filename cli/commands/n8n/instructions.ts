import { N8N } from '../../../lambdas/contract.ts';
import { FIRST_CONNECTION, NO_CONNECTIONS } from '../../connection/text.ts';
import { paint } from '../../terminal/output.ts';
import { formatList } from '../../terminal/table.ts';
import { type N8nCredential, READERS_ACTION, type readPolicy } from './vault.ts';

/** The settings to enter in n8n and IAM. `n8n --json` prints them as they are. */
export interface N8nInstructions {
  vault: { name: string; provider: string; region: string | undefined; authentication: string };
  credentials: N8nCredential[];
  updateInterval: number;
  policy: ReturnType<typeof readPolicy>;
  /** Connections with a secret that the policy does not allow, since the setting `readers` names bundles. */
  notReadable: string[];
}

/** Returns the steps that a person follows in IAM and n8n. @param hasConnections whether there is one, published or not */
export function formatInstructions(instructions: N8nInstructions, hasConnections: boolean): string {
  const { vault, credentials, updateInterval, policy, notReadable } = instructions;
  const isOnlyPushed = credentials.length > 0 && credentials.every(({ expression }) => expression === null);
  if (isOnlyPushed) return formatPushed(credentials);
  const heading = (text: string) => paint('bold', text);
  const expressions = credentials.map(({ name, expression }): [string, string] => [
    `  ${name}`,
    expression ?? 'none: its token is only pushed',
  ]);
  return [
    heading('1. IAM: the policy of the user or role with which n8n reads'),
    '   The stack creates it too: output N8nPolicyArn. n8nPrincipals in cdk.json attaches it.',
    '',
    JSON.stringify(policy, null, 2),
    '',
    ...(notReadable.length === 0 ? [] : [notReadableNote(notReadable), '']),
    heading('2. n8n, Settings > External Secrets: a vault (needs a licence; without one, go to step 5)'),
    formatList([
      ['  Name', vault.name],
      ['  Provider', vault.provider],
      ['  Region', vault.region ?? 'the Region of the stack'],
      ['  Authentication Method', vault.authentication],
    ]),
    '',
    heading(
      `3. n8n, Credentials: for each connection one of the type "${N8N.credentialType}", with this expression in the field "${N8N.field}"`,
    ),
    `   ${N8N.deprecation}`,
    expressions.length > 0
      ? formatList(expressions)
      : `  ${hasConnections ? 'None of these connections is published for n8n. See why: npx zoom-tokens status' : `${NO_CONNECTIONS} ${FIRST_CONNECTION}`}`,
    '',
    heading('4. The environment of every n8n process'),
    `  N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=${updateInterval}`,
    '',
    heading('5. Without a licence: push each new token to n8n instead'),
    '  npx zoom-tokens n8n link <connection> --url https://n8n.example.com',
    '',
    'Then test the credentials: npx zoom-tokens n8n --workflow writes a workflow to import.',
  ].join('\n');
}

/** Returns the steps for connections that n8n reads in no secret: no vault, policy or expression has a use. */
function formatPushed(credentials: readonly N8nCredential[]): string {
  const rows = credentials.map(({ connection, id }): [string, string] => [
    `  ${connection}`,
    id === null
      ? `not linked yet: npx zoom-tokens n8n link ${connection} --url https://n8n.example.com`
      : `pushed to the credential ${id}`,
  ]);
  return [
    paint(
      'bold',
      'No secret: the token is only pushed to n8n. It needs no vault, no policy and no expression.',
    ),
    formatList(rows),
    '',
    'Then test the credentials: npx zoom-tokens n8n --workflow writes a workflow to import.',
  ].join('\n');
}

const notReadableNote = (names: string[]): string =>
  [
    `   ${paint('yellow', '!')} The policy names bundles (setting "readers") and does not allow the secret of ${names.join(', ')}.`,
    `     ${READERS_ACTION}`,
  ].join('\n');
