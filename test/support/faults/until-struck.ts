import { methodOf } from './direct-s3.ts';
import type { FaultInjector } from './faults.ts';
import type { AwsService } from './faulty-handler.ts';

interface Client {
  // biome-ignore lint/suspicious/noExplicitAny: each client of the SDK has a type of its own for it.
  send(command: any): Promise<any>;
  destroy(): void;
}

/**
 * Returns a client whose calls go directly to the service, for a quarter of the work, until a fault strikes a call to any
 * service: that one and all later ones pass through the AWS SDK, as do all of the run without a fault that lists the calls.
 * @param createSdk creates the SDK's client, whose handler is behind the same injector
 */
export function directUntilStruck<C extends Client>(
  service: AwsService,
  faults: FaultInjector,
  direct: C,
  createSdk: () => C,
): C {
  let sdk: C | undefined;
  const send: Client['send'] = (command) => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const point = `${service}.${service === 's3' ? methodOf(operation) : operation}`;
    if (faults.isBeforeStrike(point, service)) return faults.pass(point, () => direct.send(command));
    sdk ??= createSdk();
    return sdk.send(command);
  };
  return { send, destroy: () => sdk?.destroy() } as Client as C;
}
