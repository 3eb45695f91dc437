import { proveMembersUnderFaults } from '../support/faults/bundle-suite.ts';

await proveMembersUnderFaults('a consent into a bundle');
