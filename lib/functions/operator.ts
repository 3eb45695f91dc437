import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { OPERATOR_TIMEOUT, ServiceFunction } from '../service-function.ts';
import type { Encryption } from '../storage/encryption.ts';
import { acknowledgePatterns } from '../storage/secret-arns.ts';
import type { CallbackApi } from './callback-api.ts';
import type { CapabilityProps } from './function-props.ts';

interface OperatorProps extends CapabilityProps {
  readonly callbackApi: CallbackApi;
  readonly encryption: Encryption;
}

/** The control plane: whoever may invoke this function makes links, connects, shows, rotates and disconnects. */
export class Operator extends Construct {
  readonly function: ServiceFunction;
  /** All that an operator needs: the function, and to write the apps' credentials, which nobody reads back. */
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: OperatorProps) {
    super(scope, id);
    const { settings, connections, credentials, n8nAccess, rescueBucket, callbackApi, encryption } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'operator',
      description: "Carries out an operator's commands.",
      timeout: OPERATOR_TIMEOUT,
    });
    connections.grant(this.function, 'GetItem', 'UpdateItem', 'Scan');
    credentials.grantRead(this.function);
    credentials.grantLink(this.function);
    n8nAccess.grantPublish(this.function);
    n8nAccess.grantCheck(this.function);
    n8nAccess.grantWithdraw(this.function);
    rescueBucket.grantTakeUp(this.function);
    callbackApi.tellUrl(this.function);
    this.function.addEnvironment('SWEEP_RATE_MINUTES', String(settings.sweepRateMinutes));

    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Lets a person operate the Zoom connections, without reading a token or a credential.',
      statements: [
        new PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: [this.function.functionArn],
        }),
        new PolicyStatement({
          actions: ['secretsmanager:PutSecretValue'],
          resources: [credentials.appArns],
        }),
        ...encryption.use('secretsmanager'),
      ],
    });
    acknowledgePatterns(this.policy, [credentials.appArns], 'Each app has a secret under this prefix.');
  }
}
