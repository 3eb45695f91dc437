import { Construct } from 'constructs';
import type { CallbackApi } from './callback-api.ts';
import type { CapabilityProps } from './capability.ts';
import { OPERATOR_TIMEOUT, ServiceFunction } from './service-function.ts';

/** The control plane: whoever may invoke this function makes links, connects, shows and rotates. */
export class Operator extends Construct {
  readonly function: ServiceFunction;

  constructor(scope: Construct, id: string, props: CapabilityProps & { readonly callbackApi: CallbackApi }) {
    super(scope, id);
    const { settings, connections, credentials, n8nAccess, callbackApi } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'operator',
      description: "Carries out an operator's commands.",
      timeout: OPERATOR_TIMEOUT,
    });
    connections.grant(this.function, 'GetItem', 'UpdateItem', 'Scan');
    credentials.grantRead(this.function);
    n8nAccess.grantPublish(this.function);
    callbackApi.tellUrl(this.function);
  }
}
