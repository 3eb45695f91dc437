import { proveUnderFaults } from '../support/fault-suite.ts';

await proveUnderFaults('a disconnection');
