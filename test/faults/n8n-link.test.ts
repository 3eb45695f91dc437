import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults('a link to n8n');
