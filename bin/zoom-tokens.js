#!/usr/bin/env node
// This file is JavaScript because Node before 24 cannot parse TypeScript. In a checkout it starts bin/zoom-tokens.ts,
// on an older Node with the Node 24 that npm ci installed. In the published package it starts the bundled
// dist/zoom-tokens.js, which runs on Node 22.12 and later. A proxy needs Node 22.21, or 24.5 and later.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('zoom-tokens.ts', import.meta.url);
const built = new URL('../dist/zoom-tokens.js', import.meta.url);
// The link that npm makes for the binary of this platform; see toolchain/package.json.
const installed = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
const needsProxy = PROXY_VARIABLES.some((name) => process.env[name]);
const canProxy = !needsProxy || process.allowedNodeEnvironmentFlags.has('--use-env-proxy');

// Later starts reuse the compiled code. Node before 22.1 has no compile cache.
module.enableCompileCache?.();

if (!existsSync(main)) {
  if (major > 22 || (major === 22 && minor >= 12)) {
    if (canProxy) {
      await import(built.href);
    } else {
      process.stderr.write(
        `zoom-tokens needs Node 22.21, or 24.5 and later, to use a proxy, and this is ${process.version}.\n`,
      );
      process.exitCode = 4;
    }
  } else {
    process.stderr.write(`zoom-tokens needs Node 22.12 or later, and this is ${process.version}.\n`);
    process.exitCode = 4;
  }
} else if (major >= 24 && (canProxy || !existsSync(installed))) {
  await import(main.href);
} else if (existsSync(installed)) {
  const child = spawn(installed, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches both processes. The child decides the exit status.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.stderr.write(
    `zoom-tokens needs Node 24, and this is ${process.version}. Run npm ci: it installs Node 24 in node_modules.\n`,
  );
  process.exitCode = 4;
}
