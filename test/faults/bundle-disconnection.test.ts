import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults("a disconnection of a bundle's member");
