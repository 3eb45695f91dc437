import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults("Zoom's webhook of a deauthorization");
