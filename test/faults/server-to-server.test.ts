import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults('a Server-to-Server rotation');
