import { useLocalAws } from '../../../local/aws/environment.ts';

/** Sets the environment of the AWS SDK: no credentials of the developer, and no retries. */
useLocalAws();
process.env.AWS_MAX_ATTEMPTS = '1';
