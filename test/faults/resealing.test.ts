import { proveResealingUnderFaults } from '../support/faults/reseal-suite.ts';

await proveResealingUnderFaults();
