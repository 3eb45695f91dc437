import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { settingsFromContext } from '../../lib/settings.ts';
import { ZoomTokenRefresherStack } from '../../lib/stack.ts';
import type { ZoomTokenRefresherProps } from '../../lib/zoom-token-refresher.ts';

const { context: flags } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));

/** The stack's template as `cdk synth -c key=value` makes it, with the functions left unbundled. */
export function synthesized(
  context: Record<string, unknown> = {},
  props: Pick<ZoomTokenRefresherProps, 'removalPolicy'> = {},
): Template {
  const app = new App({ context: { ...flags, ...context, 'aws:cdk:bundling-stacks': [] } });
  return Template.fromStack(
    new ZoomTokenRefresherStack(app, 'Stack', { ...settingsFromContext(app.node), ...props }),
  );
}

/** The same with the functions bundled, into the folder `outdir`. */
export function bundled(outdir: string): Template {
  const app = new App({ context: flags, outdir });
  return Template.fromStack(new ZoomTokenRefresherStack(app, 'Stack', settingsFromContext(app.node)));
}

/** Properties of the function of that name. */
export function functionNamed(template: Template, name: string) {
  const found = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: name } }),
  );
  if (found.length !== 1) throw new Error(`${found.length} functions are named ${name}.`);
  return found[0]?.Properties;
}
