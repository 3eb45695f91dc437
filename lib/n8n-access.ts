import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { secretArns } from './secret-arns.ts';
import type { ServiceFunction } from './service-function.ts';

/** What n8n reads, `n8n_zoom_<connection>`, is part of its users' expressions: not a setting. */
const PREFIX = 'n8n_zoom_';

/** The published access tokens: our functions write them, n8n reads them. */
export class N8nAccess extends Construct {
  /** For n8n's user or role: all that its AWS Secrets Manager vault needs, and no other secret. */
  readonly policy: ManagedPolicy;
  private readonly published: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.published = secretArns(this, PREFIX);
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Lets n8n read the Zoom access tokens that are published for it.',
      statements: [
        new PolicyStatement({
          // These two know no resource. A batch answers only with what GetSecretValue allows.
          actions: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'],
          resources: ['*'],
        }),
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.published] }),
      ],
    });
  }

  /** Lets the function write the published secrets, not read them, and tells it how they are named. */
  grantPublish(fn: ServiceFunction): void {
    fn.addEnvironment('PUBLISHED_SECRET_PREFIX', PREFIX);
    const actions = ['CreateSecret', 'PutSecretValue', 'TagResource', 'RestoreSecret'];
    fn.allow(
      actions.map((action) => `secretsmanager:${action}`),
      [this.published],
    );
  }
}
