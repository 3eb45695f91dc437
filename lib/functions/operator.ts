import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { VARIABLES } from '../../lambdas/contract.ts';
import { ServiceFunction } from '../service-function.ts';
import type { AuditLog } from '../storage/audit-log.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { CallbackApi } from './callback-api.ts';
import type { FunctionProps } from './function-props.ts';

interface OperatorProps extends FunctionProps {
  readonly callbackApi: CallbackApi;
  readonly encryption: Encryption;
  readonly auditLog: AuditLog;
}

/** The control plane: a principal that may invoke this function can do all that the command line does. */
export class Operator extends Construct {
  readonly function: ServiceFunction;
  /** Allows an operator to invoke the function and to write app credentials, but not to read them. */
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: OperatorProps) {
    super(scope, id);
    const { settings, connections, credentials, publishedTokens, rescueBucket } = props;
    const { callbackApi, encryption, auditLog } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'operator',
      description: "Carries out an operator's commands.",
    });
    connections.grant(this.function, 'GetItem', 'BatchGetItem', 'UpdateItem', 'Scan');
    connections.grantQueries(this.function, 'due');
    credentials.grantApps(this.function);
    credentials.grantLinks(this.function);
    credentials.grantOpen(this.function);
    credentials.grantReplaceKeys(this.function);
    credentials.grantN8nRead(this.function);
    credentials.grantN8nUpdate(this.function);
    publishedTokens.grantPublish(this.function);
    publishedTokens.grantCheck(this.function);
    publishedTokens.grantUnpublish(this.function, { force: true });
    rescueBucket.grantTakeUp(this.function);
    rescueBucket.grantPublishKey(this.function);
    auditLog.grantWrite(this.function);
    callbackApi.addPublicUrl(this.function);
    const { defaultBundle, readers } = settings;
    if (readers.length > 0) this.function.addEnvironment(VARIABLES.readers, readers.join(','));
    if (defaultBundle !== undefined)
      this.function.addEnvironment(
        VARIABLES.defaultBundles,
        JSON.stringify(typeof defaultBundle === 'string' ? { '*': defaultBundle } : defaultBundle),
      );
    this.function.addEnvironment(VARIABLES.sweepRateMinutes, String(settings.sweepRateMinutes));
    if (encryption.topicKey) this.function.addEnvironment(VARIABLES.kmsKeyArn, encryption.topicKey.keyArn);

    // CloudFormation replaces a managed policy whose description changes, and its principals would lose it.
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Lets a person operate the Zoom connections, without reading a token or a credential.',
      statements: [
        new PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: [this.function.functionArn],
        }),
        new PolicyStatement({
          actions: ['secretsmanager:PutSecretValue'],
          resources: [...credentials.appArns.values()],
        }),
        ...encryption.statementsFor('secretsmanager'),
      ],
    });
  }
}
