import type { JestEnvironment, JestEnvironmentConfig } from '@jest/environment';
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';
import { MAIN_CONTEXT } from './main-context.ts';
import { rememberProcess } from './process-state.ts';

/** The keys that the runner keeps in the global object for one test file. The next file has a runner of its own. */
const OF_THE_RUNNER = new Set(['EVENT_HANDLERS', 'JEST_STATE_SYMBOL', 'RETRY_TIMES_SETTER']);

/**
 * Jest's environment in which test files run in the main context, as programs do, and so can share packages (see
 * `shared-packages.ts`). Each file still loads the project's modules anew.
 */
export default class MainContextEnvironment implements JestEnvironment {
  readonly global = globalThis as unknown as JestEnvironment['global'];
  readonly fakeTimers = null;
  readonly fakeTimersModern: ModernFakeTimers;
  readonly moduleMocker = new ModuleMocker(globalThis);
  readonly #undo = rememberProcess();

  constructor({ projectConfig }: JestEnvironmentConfig) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  getVmContext() {
    return MAIN_CONTEXT;
  }

  exportConditions(): string[] {
    return ['node', 'node-addons'];
  }

  async setup(): Promise<void> {}

  async teardown(): Promise<void> {
    this.fakeTimersModern.dispose();
    this.#undo();
    for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
      if (OF_THE_RUNNER.has(symbol.description ?? '')) Reflect.deleteProperty(globalThis, symbol);
    }
  }
}
