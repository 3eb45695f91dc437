import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

// What is installed is what was locked: every package, the Node that runs them, the actions of CI, and the emulator.

const read = (file: string) => readFileSync(file, 'utf8');
const lock: Record<string, Record<string, unknown>> = JSON.parse(read('package-lock.json')).packages;
const WORKFLOWS = '.github/workflows';
const project = JSON.parse(read('package.json'));
/** The folders of this repository, which nothing is downloaded for. */
const OWN = ['', ...project.workspaces];
const packages = Object.entries(lock).filter(([folder, { link }]) => !OWN.includes(folder) && !link);

describe('package-lock.json', () => {
  test('has the integrity of every package, or the package is bundled in one that has it', () => {
    const isLocked = ([folder, { integrity, inBundle }]: (typeof packages)[number]): boolean => {
      if (typeof integrity === 'string') return integrity.startsWith('sha512-');
      const bundler = folder.slice(0, folder.lastIndexOf('/node_modules/'));
      return inBundle === true && typeof lock[bundler]?.integrity === 'string';
    };
    expect(packages.filter((each) => !isLocked(each)).map(([folder]) => folder)).toEqual([]);
    expect(packages.length).toBeGreaterThan(500);
  });

  test('takes every package from the registry', () => {
    const elsewhere = packages.filter(
      ([, { resolved = '' }]) => !/^$|^https:\/\/registry\.npmjs\.org\//.test(String(resolved)),
    );
    expect(elsewhere).toEqual([]);
  });
});

describe('the Node that runs the tests and cdk deploy', () => {
  const { optionalDependencies } = JSON.parse(read('toolchain/package.json'));

  test.each(Object.entries<string>(optionalDependencies))(
    '%s %s is locked, for its platform alone',
    (name, version) => {
      expect(lock[`node_modules/${name}`]).toMatchObject({
        version,
        integrity: expect.stringMatching(/^sha512-/),
        os: expect.any(String),
        cpu: expect.any(String),
        bin: { node: expect.any(String) },
      });
      expect(lock[`node_modules/${name}`]).not.toHaveProperty('hasInstallScript');
    },
  );

  test('is this one', () => {
    expect(Object.values(optionalDependencies)).toContain(process.versions.node);
  });
});

test('no package runs a script when it is installed, and each that would is named', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  const withScript = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = withScript.map(([folder]) => folder.slice(folder.lastIndexOf('node_modules/') + 13));
  expect(Object.keys(project.allowScripts)).toEqual(expect.arrayContaining(names));
  expect(Object.values(project.allowScripts)).not.toContain(true);
});

test.each(readdirSync(WORKFLOWS))('the actions of the workflow %s are pinned by commit', (file) => {
  const uses = [...read(`${WORKFLOWS}/${file}`).matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  expect(uses.length).toBeGreaterThan(0);
  for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
});

test("the emulator's Python packages are pinned by version and hash, and pip refuses others", () => {
  const requirements = read('test/deploy/requirements.txt')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ');
  for (const line of requirements.trim().split('\n')) {
    expect(line).toMatch(/^[\w.-]+==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*$/);
  }
  expect(read('test/deploy/emulator.ts')).toContain("'--require-hashes'");
});
