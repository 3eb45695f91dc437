import { SecretValue, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { DEFAULT_APP, VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import { type Existing, existingAppSecret } from '../settings/existing.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { protectedSecret } from './protected-secret.ts';
import { removal } from './removal.ts';

interface CredentialsProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/**
 * The secrets that only the functions may read: the keys, the Zoom apps' credentials and n8n's API keys. CloudFormation
 * generates their names: a retained secret must not occupy the name of the next one.
 */
export class Credentials extends Construct {
  /** ARN of each Zoom app's secret: `{client_id, client_secret, account_id, webhook_secret_token}`. */
  readonly appArns: ReadonlyMap<string, string>;
  private readonly sealingKey: ISecret;
  private readonly linkKey: ISecret;
  /** URLs and API keys of the n8n instances that tokens are pushed to; `undefined` without `n8nUrls`. */
  private readonly n8n: ISecret | undefined;
  private readonly n8nUrls: readonly string[];
  private readonly encryption: Encryption;
  /** ARNs of the roles that may read a kind of secret. */
  private readonly readers: Record<'sealingKey' | 'linkKey' | 'apps' | 'n8n', string[]> = {
    sealingKey: [],
    linkKey: [],
    apps: [],
    n8n: [],
  };

  constructor(scope: Construct, id: string, props: CredentialsProps) {
    super(scope, id);
    const { settings, encryption } = props;
    this.encryption = encryption;
    const { existing, deployers } = settings;
    const common = {
      deployers,
      removalPolicy: removal(settings),
      ...(encryption.key && { encryptionKey: encryption.key }),
    };
    // Never change what follows: CloudFormation would generate a new key, which opens no stored token.
    const key = {
      ...common,
      whyNoRotation: 'The functions must follow, so an operator replaces it.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    };
    this.sealingKey = protectedSecret(this, 'SealingKey', {
      ...key,
      readers: this.readers.sealingKey,
      existingArn: existing.sealingKeySecretArn,
      description: 'Seed of the key pair that seals the Zoom tokens. Made at the first deployment.',
    });
    this.linkKey = protectedSecret(this, 'LinkKey', {
      ...key,
      readers: this.readers.linkKey,
      existingArn: existing.linkKeySecretArn,
      description: 'Signs links and encrypts the cookies of consents. Made at the first deployment.',
    });

    const appArns = new Map<string, string>();
    const empty = SecretValue.unsafePlainText('');
    for (const app of [DEFAULT_APP, ...settings.apps]) {
      // A secret without a value fails the whole batch in which n8n reads it. Never change this value: CloudFormation
      // would overwrite the operator's credentials with it.
      const secret = protectedSecret(this, app === DEFAULT_APP ? 'DefaultApp' : `App-${app}`, {
        ...common,
        readers: this.readers.apps,
        existingArn: existingAppSecret(existing, app),
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

    this.n8nUrls = settings.n8nUrls;
    if (settings.n8nUrls.length === 0) return;
    this.n8n = protectedSecret(this, 'N8n', {
      ...common,
      readers: this.readers.n8n,
      existingArn: existing.n8nSecretArn,
      whyNoRotation: 'n8n issues these API keys, and an operator copies them.',
      description: 'The n8n instances that new tokens are pushed to. Written by n8n link.',
      // As above: it needs a value, which must never change here.
      secretStringValue: SecretValue.unsafePlainText('{"instances":{}}'),
    });
  }

  /** Allows the function to read every app's credentials, and gives it their ARNs. */
  grantApps(fn: ServiceFunction): void {
    const appSecrets = Stack.of(this).toJsonString(Object.fromEntries(this.appArns));
    fn.addEnvironment(VARIABLES.appSecrets, appSecrets);
    this.allowRead(fn, [...this.appArns.values()], this.readers.apps);
  }

  /** Allows the function to make and read links and cookies. */
  grantLinks(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.linkKeySecretId, this.linkKey.secretArn);
    this.allowRead(fn, [this.linkKey.secretArn], this.readers.linkKey);
  }

  /** Allows the function to open stored tokens. */
  grantOpen(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.sealingKeySecretId, this.sealingKey.secretArn);
    this.allowRead(fn, [this.sealingKey.secretArn], this.readers.sealingKey);
  }

  /** Allows the function to replace both keys. It needs `grantLinks` and `grantOpen` too. */
  grantReplaceKeys(fn: ServiceFunction): void {
    fn.allow(['secretsmanager:PutSecretValue'], [this.sealingKey.secretArn, this.linkKey.secretArn]);
  }

  /** Allows the function to read n8n's API keys, and gives it the addresses that it may push tokens to. */
  grantN8nRead(fn: ServiceFunction): void {
    if (!this.n8n) return;
    fn.addEnvironment(VARIABLES.n8nSecretId, this.n8n.secretArn);
    fn.addEnvironment(VARIABLES.n8nUrls, JSON.stringify(this.n8nUrls));
    this.allowRead(fn, [this.n8n.secretArn], this.readers.n8n);
  }

  /** Allows the function to add and remove n8n instances. It needs `grantN8nRead` too. */
  grantN8nUpdate(fn: ServiceFunction): void {
    if (this.n8n) fn.allow(['secretsmanager:PutSecretValue'], [this.n8n.secretArn]);
  }

  /** Returns the ARNs in the form of the setting `existing`. */
  existing(): Pick<Existing, 'sealingKeySecretArn' | 'linkKeySecretArn' | 'appSecretArns' | 'n8nSecretArn'> {
    return {
      sealingKeySecretArn: this.sealingKey.secretArn,
      linkKeySecretArn: this.linkKey.secretArn,
      appSecretArns: Object.fromEntries(this.appArns),
      ...(this.n8n && { n8nSecretArn: this.n8n.secretArn }),
    };
  }

  /** @param readers the ARNs of the roles that the secrets' policies do not deny */
  private allowRead(fn: ServiceFunction, arns: string[], readers: string[]): void {
    fn.allow(['secretsmanager:GetSecretValue'], arns);
    fn.addStatements(this.encryption.statementsFor('secretsmanager'));
    readers.push(fn.ownRole.roleArn);
  }
}
