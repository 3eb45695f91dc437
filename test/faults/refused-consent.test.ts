import { proveUnderFaults } from '../support/fault-suite.ts';

await proveUnderFaults('a refused consent');
