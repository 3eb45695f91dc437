import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutResourcePolicyCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Resource = { Type: string; Properties: { [key: string]: Json } };

interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: Json }>;
}

const POLICY = 'AWS::SecretsManager::ResourcePolicy';
const SECRET = 'AWS::SecretsManager::Secret';
const ACCESS_KEY = 'AWS::IAM::AccessKey';
/** Begins the outputs that tell the ARNs of what the policies name. */
const ARN_OUTPUT = 'ArnOf';

/** A secret's resource policy, taken out of the template: the logical id of the secret, and the document. */
export interface SecretPolicy {
  secret: string;
  document: Json;
}

/**
 * Makes the synthesized template one that the emulator takes: it does not know resource policies of secrets, and its
 * `Ref` of a secret is the name, where AWS gives the ARN, as `Fn::GetAtt` of `Id` does in both. Nor does it know access
 * keys; what refers to one gets an empty text.
 * Answers the policies, to be put by `protect` after the deployment.
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
    const secret = (Properties.SecretId as { Ref: string }).Ref;
    const document = Properties.ResourcePolicy as Json;
    policies.push({ secret, document });
    for (const named of [secret, ...rolesIn(document)]) {
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
  writeFileSync(file, adapted);
  return policies;
}

/**
 * Puts the policies that were taken out, with the ARNs that the deployment's outputs tell. Of a function's session
 * the emulator's `aws:PrincipalArn` is the session's ARN, where AWS gives the role's: both are named.
 */
export async function protect(
  client: SecretsManagerClient,
  policies: SecretPolicy[],
  outputs: Record<string, string>,
): Promise<void> {
  const arnOf = (id: string) => outputs[`${ARN_OUTPUT}${id}`];
  for (const { secret, document } of policies) {
    const ResourcePolicy = JSON.stringify(document, (key, value) => {
      if (key !== 'aws:PrincipalArn') return value;
      const roles = rolesIn(value).map((role) => `${arnOf(role)}`);
      return [...roles, ...roles.map(sessionsOf)];
    });
    await client.send(new PutResourcePolicyCommand({ SecretId: arnOf(secret), ResourcePolicy }));
  }
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
