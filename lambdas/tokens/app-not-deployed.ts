import { Failure } from './errors.ts';

/**
 * Error for a Zoom app that the deployment does not have.
 * @param known the names of the apps that it has
 */
export const appNotDeployed = (app: string, known: Iterable<string>): Failure =>
  new Failure(
    'misconfigured',
    'app_not_deployed',
    `No Zoom app "${app}". Known apps: ${[...known].join(', ')}.`,
    `Add it to "apps" in cdk.json, deploy, then run npx zoom-tokens setup ${app}`,
  );
