import { paint } from '../../terminal/output.ts';
import { list } from '../../terminal/table.ts';
import type { Credential, policy } from './vault.ts';

export interface Paste {
  vault: { name: string; provider: string; region: string | undefined; authentication: string };
  credentials: Credential[];
  updateInterval: number;
  policy: ReturnType<typeof policy>;
}

/** What a person pastes into n8n and IAM, step by step. */
export function pasteText({ vault, credentials, updateInterval, policy }: Paste): string {
  const heading = (text: string) => paint('bold', text);
  const given = credentials.map(({ name, expression }): [string, string] => [`  ${name}`, expression]);
  return [
    heading('1. IAM: the policy of the user or role with which n8n reads'),
    '   The stack makes it too: output N8nPolicyArn, and n8nPrincipals in cdk.json attaches it.',
    '',
    JSON.stringify(policy, null, 2),
    '',
    heading('2. n8n, Settings > External Secrets: a vault (needs a licence; without one, see step 5)'),
    list([
      ['  Name', vault.name],
      ['  Provider', vault.provider],
      ['  Region', vault.region ?? 'the Region of the stack'],
      ['  Authentication Method', vault.authentication],
    ]),
    '',
    heading(
      '3. n8n, Credentials: one of the type "Zoom API" a connection, its field "JWT Token" as an expression',
    ),
    given.length > 0 ? list(given) : '  There are no connections yet. Make one: zoom-tokens connect main.',
    '',
    heading('4. The environment of every n8n process'),
    `  N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=${updateInterval}`,
    '',
    heading('5. Without a licence: let each new token be pushed'),
    '  zoom-tokens n8n link <connection> --url https://n8n.example.com',
    '',
    'Then try it: zoom-tokens n8n --workflow writes a workflow to import.',
  ].join('\n');
}
