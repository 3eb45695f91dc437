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
 * time of a synthesis. The template is an asset too, so its hash changes everywhere.
 */
export function writeVariant(base: string, folder: string, stack: string, template: Template): void {
  cpSync(base, folder, { recursive: true });
  const bundled = templateIn(base, stack).Resources;
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type === 'AWS::Lambda::Function') Properties.Code = bundled[id]?.Properties.Code;
  }
  const file = `${stack}.template.json`;
  const text = JSON.stringify(template);
  writeFileSync(join(folder, file), text);
  const assets = join(folder, `${stack}.assets.json`);
  const { files } = JSON.parse(readFileSync(assets, 'utf8'));
  const [hash = ''] = Object.keys(files).filter((key) => files[key].source.path === file);
  const changed = createHash('sha256').update(text).digest('hex');
  for (const each of [assets, join(folder, 'manifest.json')]) {
    writeFileSync(each, readFileSync(each, 'utf8').replaceAll(hash, changed));
  }
}
