import { createRequire } from 'node:module';
import vm from 'node:vm';

// Its types describe the CommonJS module, and an import would load the other one.
const { TestEnvironment }: typeof import('jest-environment-node') = createRequire(import.meta.url)(
  'jest-environment-node',
);

/**
 * Jest's environment for Node whose global object is an ordinary one. Jest makes it of a proxy, in which each read of `Promise`
 * or `Buffer` is a call: tests took 8 % more CPU time.
 */
export default class PlainGlobals extends TestEnvironment {
  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...args);
    } finally {
      vm.createContext = createContext;
    }
  }
}
