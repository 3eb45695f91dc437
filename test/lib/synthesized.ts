import { readFileSync } from 'node:fs';
import { Annotations, App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { settingsFromContext } from '../../lib/settings/read-settings.ts';
import { ZoomTokenRefresherStack } from '../../lib/stack.ts';

const cdk = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));

/** The context of `cdk.json`, and an n8n to push to: by default tokens are pushed nowhere. */
const flags = { ...cdk.context, n8nUrls: 'https://n8n.example.com' };

/**
 * Returns an app without bundling, template validation, the tree of constructs and the stack trace of each, which take
 * seconds and are not in the template. `npm run synth` does all of it.
 */
export function quickApp(context: Record<string, unknown> = {}, { isValidated = false } = {}): App {
  return new App({
    context: {
      ...context,
      'aws:cdk:bundling-stacks': [],
      'aws:cdk:disable-creation-stack-traces': true,
    },
    builtinCloudFormationValidation: isValidated,
    stackTraces: false,
    treeMetadata: false,
  });
}

/** Returns the stack as `cdk synth -c key=value` creates it, without bundled functions. */
export function stackWith(
  context: Record<string, unknown> = {},
  options: { isValidated?: boolean } = {},
): ZoomTokenRefresherStack {
  const app = quickApp({ ...flags, ...context }, options);
  return new ZoomTokenRefresherStack(app, 'Stack', settingsFromContext(app.node));
}

const known = new Map<string, Template>();

/** Returns the template of that stack. The tests of a file with the same context share it, so change no part of it. */
export function synthesized(context: Record<string, unknown> = {}): Template {
  const key = JSON.stringify(context);
  const template = known.get(key) ?? templateWith(context);
  known.set(key, template);
  return template;
}

function templateWith(context: Record<string, unknown>): Template {
  return Template.fromStack(withoutWarnings(stackWith(context)));
}

/** Acknowledges the warnings of the stack, which a synthesis would print. A test of the alarms expects them. */
function withoutWarnings(stack: ZoomTokenRefresherStack): ZoomTokenRefresherStack {
  Annotations.of(stack).acknowledgeWarning('zoom-token-refresher:no-alarm-email');
  Annotations.of(stack).acknowledgeWarning('zoom-token-refresher:destroy');
  return stack;
}

/** Returns that stack in an app whose synthesis validates the template, and throws what the CDK finds. */
export function validatedStack(context: Record<string, unknown> = {}): ZoomTokenRefresherStack {
  return withoutWarnings(stackWith(context, { isValidated: true }));
}

/** Returns the template with the default settings, and writes it and the bundled functions to the folder `outdir`. */
export function bundled(outdir: string): Template {
  const app = new App({ context: flags, outdir, builtinCloudFormationValidation: false });
  return Template.fromStack(new ZoomTokenRefresherStack(app, 'Stack', settingsFromContext(app.node)));
}

/** Returns the properties of the function with that name. */
export function functionNamed(template: Template, name: string) {
  const found = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: name } }),
  );
  if (found.length !== 1) throw new Error(`${found.length} functions are named ${name}.`);
  return found[0]?.Properties;
}

/** A context with a value for every optional resource. */
export const everything = {
  apps: 'reports,support',
  n8nPrincipals: 'arn:aws:iam::111122223333:role/service/n8n,arn:aws:iam::111122223333:user/n8n',
  n8nAccountIds: '444455556666,777788889999',
  createN8nUser: true,
  domainName: 'zoom.example.com',
  certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012',
  encryption: 'customer',
  deletionProtection: true,
  logRetentionDays: 90,
  auditRetentionDays: 1827,
  alarmEmail: 'operator@example.com',
};
