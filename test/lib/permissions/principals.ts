import { synthesized } from '../synthesized.ts';
import { functionPrincipal, rolePrincipal, secretArn, secretOf, user, userWithPolicy } from './iam.ts';

// The principals of the template with default settings, and the secrets that they may try to read.

export const NAME = 'zoom-token-refresher';
export const template = synthesized();

export const sealingKey = secretOf(template, 'CredentialsSealingKey');
export const linkKey = secretOf(template, 'CredentialsLinkKey');
export const defaultApp = secretOf(template, 'CredentialsDefaultApp');
export const n8nKeys = secretOf(template, 'CredentialsN8n');
export const published = secretArn('n8n_zoom_main');
export const foreign = secretArn('another/application');

export const READ = 'secretsmanager:GetSecretValue';
export const PUBLISH = ['CreateSecret', 'PutSecretValue', 'RestoreSecret', 'TagResource'].map(
  (action) => `secretsmanager:${action}`,
);
export const DELETE = 'secretsmanager:DeleteSecret';
export const UNPUBLISH = ['DeleteSecret', 'DescribeSecret', 'RemoveRegionsFromReplication'].map(
  (action) => `secretsmanager:${action}`,
);
export const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];

export const scheduleRole: string = Object.values(template.findResources('AWS::Scheduler::Schedule'))[0]
  ?.Properties.Target.RoleArn['Fn::GetAtt'][0];

export const principals = {
  callback: functionPrincipal(template, `${NAME}-callback`),
  rotate: functionPrincipal(template, `${NAME}-rotate`),
  operator: functionPrincipal(template, `${NAME}-operator`),
  scheduler: rolePrincipal(template, scheduleRole),
  n8n: userWithPolicy(template, 'n8n', 'Lets n8n read'),
  person: userWithPolicy(template, 'person', 'operate'),
  // https://docs.n8n.io/external-secrets/
  "n8n with its vendor's sample policy": user('n8n', [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue', READ],
      Resource: '*',
    },
  ]),
  administrator: user('administrator', [{ Effect: 'Allow', Action: '*', Resource: '*' }]),
};
