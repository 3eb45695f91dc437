#!/usr/bin/env node
// JavaScript, because a Node before 24 cannot even read the TypeScript: the one that npm ci has installed takes over.
// The package has the command line in one file of JavaScript instead, which every Node from 22.12 on runs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('zoom-tokens.ts', import.meta.url);
const built = new URL('../dist/zoom-tokens.js', import.meta.url);
const installed = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

// From the second start on, nothing is stripped or compiled again. A Node before 22.1 has no such cache.
module.enableCompileCache?.();

if (!existsSync(main)) {
  if (major > 22 || (major === 22 && minor >= 12)) {
    await import(built.href);
  } else {
    process.stderr.write(`zoom-tokens needs Node 22.12, and this is ${process.version}.\n`);
    process.exitCode = 4;
  }
} else if (major >= 24) {
  await import(main.href);
} else if (existsSync(installed)) {
  const child = spawn(installed, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches both; the child says how it ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.stderr.write(
    `zoom-tokens needs Node 24, and this is ${process.version}. npm ci installs one beside it.\n`,
  );
  process.exitCode = 4;
}
