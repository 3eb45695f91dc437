import { proveUnderFaults } from '../support/fault-suite.ts';

await proveUnderFaults('a rotation that is pushed to n8n');
