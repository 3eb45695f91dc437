/** What the commands of a piece of advice act on. */
interface Place {
  /** `zoom-token-refresher` */
  readonly name: string;
  /** `--name …`, where the command line needs it. */
  readonly flag: string;
}

/** What to do first when an alarm rings, for someone who has the mail and nothing else. The runbook says the rest. */
const ADVICE = {
  'no-sweep': ({ name }: Place) =>
    `Nothing rotates, and n8n's tokens end within the hour. Sweep by hand: aws lambda invoke --function-name ${name}-rotate /dev/stdout. If that works, enable the schedule ${name}-rotate of EventBridge Scheduler again; if it fails, read the log /aws/lambda/${name}-rotate. Right after a first deployment it is over by itself.`,
  'validity-low': ({ flag }: Place) =>
    `When it ends, n8n's Zoom nodes answer 401. See which connection and why: zoom-tokens status${flag}. Try it now: zoom-tokens rotate <connection>${flag}. During an outage of Zoom (status.zoom.us) wait: attempts go on.`,
  'reconnect-needed': ({ flag }: Place) =>
    `See which: zoom-tokens status${flag}. Make a link: zoom-tokens connect <connection>${flag}. The person whose Zoom account it is opens it and consents. n8n keeps the last token until it ends, and nothing has to be changed there.`,
  misconfigured: ({ name, flag }: Place) =>
    `No connection is lost: they are tried again every quarter of an hour. See which secret and why: zoom-tokens status${flag}. Write the credentials that Zoom's App Marketplace shows into the app's secret, ${name}/app/default, or deploy again where a policy was changed.`,
  'publish-failing': ({ name }: Place) =>
    `Attempts go on, without asking Zoom again. The log /aws/lambda/${name}-rotate has the error of Secrets Manager. publish_denied: a policy was changed, so deploy again, or the secret is that of another installation. ThrottlingException: another program writes too many secrets.`,
  'push-failing': ({ name, flag }: Place) =>
    `The tokens are fresh, and published; n8n goes on with the one before until that ends. Attempts go on. See which n8n and why: zoom-tokens status${flag}. Where its API key was refused or its credential is gone: zoom-tokens n8n link <connection>${flag}. The log /aws/lambda/${name}-rotate has each attempt.`,
  'callback-errors': ({ name, flag }: Place) =>
    `Connections that exist go on. The log /aws/lambda/${name}-callback has the reason, by class and code. Then make a new link for whoever was interrupted: zoom-tokens connect <connection>${flag}.`,
  'dead-letters': ({ name }: Place) =>
    `Later starts make up for it. A message in the queue ${name}-dead-letters says why, in its attributes ERROR_CODE and ERROR_MESSAGE. Deploy again where a role or the function was changed; then purge the queue, and the alarm is over.`,
  'function-errors': ({ name }: Place) =>
    `The next run starts from what is stored. The log /aws/lambda/${name}-callback, -rotate or -operator says what was thrown. After a deployment, deploy the version before.`,
  'function-throttles': () =>
    'Raise the quota "Concurrent executions" of Lambda in Service Quotas, which is free, or limit the function that uses it up.',
};

/** A section of the runbook. */
export type Section = keyof typeof ADVICE;

/** What to do first about the alarm of that section; plain text, at most some 400 characters. */
export function advice(section: Section, name: string): string {
  const flag = name === 'zoom-token-refresher' ? '' : ` --name ${name}`;
  return ADVICE[section]({ name, flag });
}
