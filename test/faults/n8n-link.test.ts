import { proveUnderFaults } from '../support/fault-suite.ts';

await proveUnderFaults('a link to n8n');
