import { proveUnderFaults } from '../support/faults/fault-suite.ts';

await proveUnderFaults('a rotation that is pushed to n8n');
