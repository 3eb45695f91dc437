import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: any part of a template
  Properties: Record<string, any>;
}

export interface Template {
  Resources: Record<string, Resource>;
}

/** Returns the template of an assembly. */
export function templateIn(folder: string, stack: string): Template {
  return JSON.parse(readFileSync(join(folder, `${stack}.template.json`), 'utf8'));
}

/**
 * Copies an assembly with another template, whose functions get the code that is bundled in it: bundling takes most of the
 * time of a synthesis. The template is an asset too, so its hash changes everywhere. So does the stack's name, if given.
 */
export function writeVariant(
  base: string,
  folder: string,
  stack: string,
  template: Template,
  name = stack,
): void {
  cpSync(base, folder, { recursive: true });
  const bundled = templateIn(base, stack).Resources;
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type === 'AWS::Lambda::Function') Properties.Code = bundled[id]?.Properties.Code;
  }
  const text = JSON.stringify(template);
  writeFileSync(join(folder, `${name}.template.json`), text);
  const { files } = JSON.parse(readFileSync(join(base, `${stack}.assets.json`), 'utf8'));
  const [hash = ''] = Object.keys(files).filter((key) => files[key].source.path === `${stack}.template.json`);
  const changed = createHash('sha256').update(text).digest('hex');
  for (const file of [`${stack}.assets.json`, `${stack}.metadata.json`, 'manifest.json']) {
    const contents = readFileSync(join(base, file), 'utf8');
    writeFileSync(
      join(folder, file.replace(stack, name)),
      contents.replaceAll(hash, changed).replaceAll(stack, name),
    );
  }
}
