import { devNull } from 'node:os';

/**
 * Replaces every AWS variable of this process, so that no call can reach an AWS account: neither the user's credentials
 * nor the user's configuration files are read.
 */
export function useLocalAws(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  });
}
