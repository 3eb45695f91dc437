import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutResourcePolicyCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AUDIT_LOG_STREAM } from '../../lambdas/contract.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Resource = { Type: string; Properties: { [key: string]: Json } };

interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: Json }>;
}

const POLICY = 'AWS::SecretsManager::ResourcePolicy';
const SECRET = 'AWS::SecretsManager::Secret';
const ACCESS_KEY = 'AWS::IAM::AccessKey';
/** Prefix of the outputs that hold the ARNs of the secrets and roles in the policies. */
const ARN_OUTPUT = 'ArnOf';

/** A resource policy that was removed from the template: the logical id of its secret, and its document. */
export interface SecretPolicy {
  secret: string;
  document: Json;
}

/**
 * Adapts the synthesized template to the emulator. The emulator has no resource policies of secrets and no access keys:
 * both are removed, and a reference to an access key becomes an empty string. Its `Ref` of a secret is the name, while
 * AWS returns the ARN: `Fn::GetAtt` of `Id`, which is the ARN in both, replaces it. Its IAM knows log groups and no streams
 * of them, so the permission to write the audit log's stream becomes one to write the log group.
 * Returns the policies, for `protect` after the deployment.
 */
export function adapt(folder: string, stack: string): SecretPolicy[] {
  const file = join(folder, `${stack}.template.json`);
  const template: Template = JSON.parse(readFileSync(file, 'utf8'));
  const policies: SecretPolicy[] = [];
  const accessKeys = new Set<Json | undefined>();
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type === ACCESS_KEY) {
      accessKeys.add(id);
      delete template.Resources[id];
    }
    if (Type !== POLICY) continue;
    // An existing secret, which the template does not create, is named by its ARN.
    const secret = (Properties.SecretId as { Ref?: string }).Ref ?? `${Properties.SecretId}`;
    const document = Properties.ResourcePolicy as Json;
    policies.push({ secret, document });
    for (const named of [...(secret.startsWith('arn:') ? [] : [secret]), ...rolesIn(document)]) {
      const attribute = named === secret ? 'Id' : 'Arn';
      template.Outputs[`${ARN_OUTPUT}${named}`] = { Value: { 'Fn::GetAtt': [named, attribute] } };
    }
    delete template.Resources[id];
  }
  const isSecret = (id: Json | undefined) =>
    typeof id === 'string' && template.Resources[id]?.Type === SECRET;
  const adapted = JSON.stringify(template, (_key, value) => {
    if (accessKeys.has(value?.Ref ?? value?.['Fn::GetAtt']?.[0])) return '';
    return isSecret(value?.Ref) ? { 'Fn::GetAtt': [value.Ref, 'Id'] } : value;
  });
  writeFileSync(file, adapted.replaceAll(`:log-stream:${AUDIT_LOG_STREAM}`, ''));
  return policies;
}

/**
 * Attaches the removed policies, with the ARNs from the deployment's outputs. In the emulator, `aws:PrincipalArn` of a
 * function is the ARN of its session. At AWS it is the ARN of its role. The policies name both.
 */
export async function protect(
  client: SecretsManagerClient,
  policies: SecretPolicy[],
  outputs: Record<string, string>,
): Promise<void> {
  const outputOf = (id: string) => outputs[`${ARN_OUTPUT}${id}`];
  for (const { secret, document } of policies) {
    const ResourcePolicy = JSON.stringify(document, (key, value) => {
      if (key !== 'aws:PrincipalArn') return value;
      const roles = rolesIn(value).map((role) => `${outputOf(role)}`);
      return [...roles, ...roles.map(sessionsOf)];
    });
    await client.send(
      new PutResourcePolicyCommand({
        SecretId: secret.startsWith('arn:') ? secret : outputOf(secret),
        ResourcePolicy,
      }),
    );
  }
}

/** Returns the ARN of the secret whose logical id contains the construct's path, from the outputs of `adapt`. */
export function arnOf(outputs: Record<string, string>, construct: string): string {
  const [found, ...others] = Object.keys(outputs).filter(
    (id) => id.startsWith(ARN_OUTPUT) && id.includes(construct),
  );
  if (found === undefined || others.length > 0) throw new Error(`Not one secret is of ${construct}.`);
  return `${outputs[found]}`;
}

function sessionsOf(roleArn: string): string {
  return `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/*`;
}

function rolesIn(document: Json): string[] {
  const roles: string[] = [];
  JSON.stringify(document, (_key, value) => {
    if (value?.['Fn::GetAtt']) roles.push(value['Fn::GetAtt'][0]);
    return value;
  });
  return roles;
}
