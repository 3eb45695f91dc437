import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults('a consent in two tabs');
