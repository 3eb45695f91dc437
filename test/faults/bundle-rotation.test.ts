import { proveMembersUnderFaults } from '../support/faults/bundle-suite.ts';

await proveMembersUnderFaults('a rotation of a bundle');
