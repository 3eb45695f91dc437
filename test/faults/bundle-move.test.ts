import { proveMembersUnderFaults } from '../support/faults/bundle-suite.ts';

await proveMembersUnderFaults('a move into a bundle');
