import { proveAuditUnderFaults } from '../support/faults/audit-suite.ts';

await proveAuditUnderFaults();
