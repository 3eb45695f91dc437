import { useLocalAws } from '../../../local/aws/environment.ts';

/** What the SDK finds in a test's environment: nothing of the person who runs it, and no second try. */
useLocalAws();
process.env.AWS_MAX_ATTEMPTS = '1';
