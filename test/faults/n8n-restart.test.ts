import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults('a repeated link to n8n');
