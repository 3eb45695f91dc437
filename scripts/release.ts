import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { releaseProblems } from './release-problems.ts';

// `npm run release` checks that the present commit can be released, runs the whole check, and tags the commit. It pushes
// nothing: the tag, once pushed, starts .github/workflows/release.yml.

const ROOT = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: { 'dry-run': { type: 'boolean' } },
});

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const tag = `v${version}`;
const problems = releaseProblems({
  version,
  changelog: readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'),
  branch: git('branch', '--show-current'),
  changes: git('status', '--porcelain'),
  tags: git('tag', '--list').split('\n'),
});
if (problems.length > 0) {
  process.stderr.write(`${tag} was not released:\n${problems.map((problem) => `- ${problem}\n`).join('')}`);
  process.exit(1);
}
if (values['dry-run']) {
  process.stdout.write(`${tag} can be released: npm run release\n`);
} else {
  const check = spawnSync(join(ROOT, '.ci/run'), { cwd: ROOT, stdio: 'inherit' });
  if (check.status !== 0) {
    process.stderr.write(`${tag} was not released: .ci/run failed. Its output above says why.\n`);
    process.exit(1);
  }
  git('tag', '--annotate', tag, '--message', tag);
  process.stdout.write(`Tagged ${tag}. To publish it, run: git push origin main ${tag}\n`);
}

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  process.stderr.write(`git ${args[0]} failed: ${stderr}`);
  process.exit(1);
}
