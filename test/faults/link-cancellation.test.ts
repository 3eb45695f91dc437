import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults("a link's cancellation");
