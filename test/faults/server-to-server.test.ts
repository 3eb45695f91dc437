import { proveUnderFaults } from '../support/fault-suite.ts';

await proveUnderFaults('a Server-to-Server rotation');
