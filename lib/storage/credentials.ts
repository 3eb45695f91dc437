import { SecretValue, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { DEFAULT_APP, VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Existing } from '../settings/existing.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { protectedSecret } from './protected-secret.ts';
import { removal } from './removal.ts';

interface CredentialsProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/**
 * The secrets that only the functions may read: the sealing key, the Zoom apps' credentials and n8n's API keys. CloudFormation
 * generates their names: a retained secret must not occupy the name of the next one.
 */
export class Credentials extends Construct {
  /** ARN of each Zoom app's secret: `{client_id, client_secret, account_id, webhook_secret_token}`. */
  readonly appArns: ReadonlyMap<string, string>;
  private readonly key: ISecret;
  /** URLs and API keys of the n8n instances that tokens are pushed to; `undefined` without `n8nPush`. */
  private readonly n8n: ISecret | undefined;
  private readonly encryption: Encryption;
  private readonly readers: string[] = [];

  constructor(scope: Construct, id: string, props: CredentialsProps) {
    super(scope, id);
    const { settings, encryption } = props;
    this.encryption = encryption;
    const { existing, deployers } = settings;
    const common = {
      readers: this.readers,
      deployers,
      removalPolicy: removal(settings),
      ...(encryption.key && { encryptionKey: encryption.key }),
    };
    // Never change what follows: CloudFormation would generate a new key, which opens no stored token.
    this.key = protectedSecret(this, 'Key', {
      ...common,
      existingArn: existing.sealingKeySecretArn,
      whyNoRotation: 'Stored tokens open with no other key, so an operator replaces it by hand.',
      description: 'Seals the Zoom tokens. Made at the first deployment.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });

    const appArns = new Map<string, string>();
    const empty = SecretValue.unsafePlainText('');
    for (const app of [DEFAULT_APP, ...settings.apps]) {
      // A secret without a value fails the whole batch in which n8n reads it. Never change this value: CloudFormation
      // would overwrite the operator's credentials with it.
      const secret = protectedSecret(this, app === DEFAULT_APP ? 'DefaultApp' : `App-${app}`, {
        ...common,
        existingArn: existing.appSecretArns?.[app],
        whyNoRotation: 'Zoom issues these credentials, and an operator copies them.',
        description: 'Credentials of the Zoom app. To be filled in by the operator.',
        secretObjectValue: {
          client_id: empty,
          client_secret: empty,
          account_id: empty,
          webhook_secret_token: empty,
        },
      });
      appArns.set(app, secret.secretArn);
    }
    this.appArns = appArns;

    if (!settings.n8nPush) return;
    this.n8n = protectedSecret(this, 'N8n', {
      ...common,
      existingArn: existing.n8nSecretArn,
      whyNoRotation: 'n8n issues these API keys, and an operator copies them.',
      description: 'The n8n instances that new tokens are pushed to. Written by n8n link.',
      // As above: it needs a value, which must never change here.
      secretStringValue: SecretValue.unsafePlainText('{"instances":{}}'),
    });
  }

  /** Allows the function to read the key, every app's credentials and n8n's API keys, and gives it their ARNs. */
  grantRead(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.keySecretId, this.key.secretArn);
    fn.addEnvironment(VARIABLES.appSecrets, Stack.of(this).toJsonString(Object.fromEntries(this.appArns)));
    fn.allow(['secretsmanager:GetSecretValue'], [this.key.secretArn, ...this.appArns.values()]);
    fn.addStatements(this.encryption.statementsFor('secretsmanager'));
    this.readers.push(fn.ownRole.roleArn);
    if (!this.n8n) return;
    fn.addEnvironment(VARIABLES.n8nSecretId, this.n8n.secretArn);
    fn.allow(['secretsmanager:GetSecretValue'], [this.n8n.secretArn]);
  }

  /** Allows the function to add and remove n8n instances. It needs `grantRead` too. */
  grantN8nUpdate(fn: ServiceFunction): void {
    if (this.n8n) fn.allow(['secretsmanager:PutSecretValue'], [this.n8n.secretArn]);
  }

  /** Returns the ARNs in the form of the setting `existing`. */
  existing(): Pick<Existing, 'sealingKeySecretArn' | 'appSecretArns' | 'n8nSecretArn'> {
    return {
      sealingKeySecretArn: this.key.secretArn,
      appSecretArns: Object.fromEntries(this.appArns),
      ...(this.n8n && { n8nSecretArn: this.n8n.secretArn }),
    };
  }
}
