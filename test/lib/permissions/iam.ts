import type { Template } from 'aws-cdk-lib/assertions';
import { functionNamed } from '../synthesized.ts';

// Evaluates the template's own policies as IAM does: an explicit deny wins, then an allow is needed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

export const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';

export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A user or role: its ARN and the statements of its identity policies. */
export interface Principal {
  arn: string;
  statements: Statement[];
}

export const tableArn = arn('dynamodb', 'table/Connections');
export const secretArn = (name: string) => arn('secretsmanager', `secret:${name}-AbCdEf`);
export const secretPattern = (prefix: string) => arn('secretsmanager', `secret:${prefix}*`);
export const functionArn = (name: string) => arn('lambda', `function:${name}`);
/** Returns the ARN of a secret of the template, whose name CloudFormation generates. */
export const secretOf = (template: Template, construct: string) =>
  secretArn(logicalId(template, 'AWS::SecretsManager::Secret', construct));

/** Returns the logical id of the only resource of the type whose id contains the construct's path. */
export function logicalId(template: Template, type: string, construct: string): string {
  const ids = Object.keys(template.findResources(type)).filter((id) => id.includes(construct));
  if (ids.length !== 1) throw new Error(`${ids.length} resources have ${construct} in their id.`);
  return `${ids[0]}`;
}

/** ARN of the rescue bucket; its objects are `<ARN>/*`. */
export const bucketArn = 'arn:aws:s3:::rescue';
/** A sealed pair in the rescue bucket, and the public half of the sealing key. */
export const pairArn = `${bucketArn}/pairs/main/1-1`;
export const publicKeyArn = `${bucketArn}/sealing-key/public.json`;
export const queueArn = (name: string) => arn('sqs', name);
export const topicArn = (name: string) => arn('sns', name);
export const n8nPolicyArn = `arn:aws:iam::${ACCOUNT}:policy/n8n`;
export const keyArn = arn('kms', 'key/ours');
export const logArn = (name: string) => arn('logs', `log-group:${name}:*`);
/** The audit log, whose name CloudFormation generates, and its stream. */
const AUDIT_LOG = 'audit';
export const auditLogArn = logArn(AUDIT_LOG);
export const auditStreamArn = arn('logs', `log-group:${AUDIT_LOG}:log-stream:commands`);

interface RequestContext {
  /** Tags of the resource; none also stands for a resource that does not exist yet. */
  tags?: Record<string, string>;
  /** Condition keys of the request's parameters, such as `secretsmanager:ForceDeleteWithoutRecovery`. */
  parameters?: Record<string, string>;
}

/**
 * Returns whether the principal may do the action on the resource.
 */
export function may(
  template: Template,
  who: Principal,
  action: string,
  resource: string,
  { tags = {}, parameters = {} }: RequestContext = {},
): boolean {
  const applicable = [...who.statements, ...resourcePolicy(template, resource)].filter(
    (statement) =>
      list(statement.Action).some((pattern) => matches(pattern, action)) &&
      list(statement.Resource).some((pattern) => matches(pattern, resource)) &&
      holds(statement.Condition, who.arn, { tags, parameters }),
  );
  return (
    applicable.some(({ Effect }) => Effect === 'Allow') && !applicable.some(({ Effect }) => Effect === 'Deny')
  );
}

/** Returns the role of the function with that name. */
export function functionPrincipal(template: Template, name: string): Principal {
  const roleId: string = functionNamed(template, name).Role['Fn::GetAtt'][0];
  return rolePrincipal(template, roleId);
}

/** Returns the role with that logical id and its inline policies. */
export function rolePrincipal(template: Template, roleId: string): Principal {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles.some((role: { Ref: string }) => role.Ref === roleId),
  );
  const role = template.toJSON().Resources[roleId].Properties;
  if (role.ManagedPolicyArns || role.Policies)
    throw new Error(`${roleId} has managed policies, which this evaluation does not read.`);
  return {
    arn: resolve(template, { 'Fn::GetAtt': [roleId, 'Arn'] }),
    statements: policies.flatMap(({ Properties }) => resolve(template, Properties.PolicyDocument.Statement)),
  };
}

/** Returns a user of that name with the managed policy whose description includes `words`. */
export function userWithPolicy(template: Template, name: string, words: string): Principal {
  const policies = Object.values(template.findResources('AWS::IAM::ManagedPolicy')).filter(({ Properties }) =>
    Properties.Description.includes(words),
  );
  return user(
    name,
    policies.flatMap(({ Properties }) => resolve(template, Properties.PolicyDocument.Statement)),
  );
}

export function user(name: string, statements: Statement[]): Principal {
  return { arn: `arn:aws:iam::${ACCOUNT}:user/${name}`, statements };
}

/** Returns a part of the template with every reference replaced by the value that it will have. */
// biome-ignore lint/suspicious/noExplicitAny: any part of a template
export function resolve(template: Template, value: any): any {
  if (Array.isArray(value)) return value.map((item) => resolve(template, item));
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value) return reference(template, value.Ref);
  if ('Fn::GetAtt' in value) return reference(template, value['Fn::GetAtt'][0]);
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'];
    return resolve(template, parts).join(separator);
  }
  if ('Fn::Sub' in value) {
    return value['Fn::Sub'].replace(/\$\{([\w:]+)\}/g, (_: string, id: string) => reference(template, id));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(template, item)]));
}

// A reference in a policy is an ARN: `Ref` of a secret, the attribute `Arn` of the others. That to the audit log is its name.
function reference(template: Template, id: string): string {
  const pseudo: Record<string, string> = {
    'AWS::Partition': 'aws',
    'AWS::Region': REGION,
    'AWS::AccountId': ACCOUNT,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const constant = pseudo[id];
  if (constant !== undefined) return constant;
  const { Type, Properties } = template.toJSON().Resources[id];
  switch (Type) {
    case 'AWS::DynamoDB::Table':
      return tableArn;
    case 'AWS::SecretsManager::Secret':
      return secretArn(id);
    case 'AWS::S3::Bucket':
      return bucketArn;
    case 'AWS::Logs::LogGroup':
      return Properties.LogGroupName === undefined ? AUDIT_LOG : logArn(Properties.LogGroupName);
    case 'AWS::Lambda::Function':
      return functionArn(Properties.FunctionName);
    case 'AWS::SQS::Queue':
      return queueArn(id);
    case 'AWS::SNS::Topic':
      return topicArn(Properties.TopicName);
    case 'AWS::IAM::ManagedPolicy':
      return n8nPolicyArn;
    case 'AWS::KMS::Key':
      return keyArn;
    case 'AWS::Scheduler::ScheduleGroup':
      return arn('scheduler', `schedule-group/${Properties.Name}`);
    case 'AWS::IAM::Role':
      return `arn:aws:iam::${ACCOUNT}:role/${id}`;
    case 'AWS::IAM::User':
      return `arn:aws:iam::${ACCOUNT}:user/${id}`;
    default:
      throw new Error(`A policy refers to ${id}, a ${Type}.`);
  }
}

function resourcePolicy(template: Template, resource: string): Statement[] {
  return Object.values(template.findResources('AWS::SecretsManager::ResourcePolicy'))
    .map(({ Properties }) => resolve(template, Properties))
    .filter(({ SecretId }) => SecretId === resource)
    .flatMap(({ ResourcePolicy }) => ResourcePolicy.Statement);
}

const TAG = 'aws:ResourceTag/';

// A negated operator holds when no value matches; the others hold when one does.
function holds(
  condition: Statement['Condition'],
  principalArn: string,
  { tags, parameters }: Required<RequestContext>,
): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean
    if (operator === 'Bool') {
      return Object.entries(keys).every(([key, value]) => list(value).includes(parameters[key] ?? ''));
    }
    if (operator === 'StringEqualsIfExists') {
      return Object.entries(keys).every(([key, value]) => {
        if (!key.startsWith(TAG))
          throw new Error(`This evaluation does not support the condition key ${key}.`);
        const tag = tags[key.slice(TAG.length)];
        return tag === undefined || list(value).includes(tag);
      });
    }
    const arns = keys['aws:PrincipalArn'];
    if (!['ArnEquals', 'ArnNotEquals'].includes(operator) || !arns || Object.keys(keys).length !== 1) {
      throw new Error(`This evaluation does not support the condition ${JSON.stringify(condition)}.`);
    }
    return list(arns).some((pattern) => matches(pattern, principalArn)) === (operator === 'ArnEquals');
  });
}

function matches(pattern: string, value: string): boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(value);
}

const list = (value: string | string[]) => (Array.isArray(value) ? value : [value]);

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
